-- People are found by their keys (0092): the indexes that the search of names and addresses had are read no more.
drop index users_name_trigrams;
drop index users_email_trigrams;
drop index users_name_pieces;
-- users_department_order serves what this one did.
drop index users_department;
drop function name_pieces(text);
