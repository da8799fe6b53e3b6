-- One rule for when two e-mail addresses are one account: what address_key makes of them is equal. Only the database
-- folds letters, since JavaScript makes another letter of some (İ). ASCII letters and İ fold alike under every
-- locale: under a Turkish one lower('I') is not i, and a person invited as IVAN could not sign in as ivan. Both small
-- sigmas are one, as Σ is.
create function address_key(address text) returns text language sql immutable strict parallel safe
return lower(translate(normalize(address, nfc), 'ABCDEFGHIJKLMNOPQRSTUVWXYZİς', 'abcdefghijklmnopqrstuvwxyziσ'));

-- One account an address; also how signing in and the operator's commands find it.
create unique index users_address on users (address_key(email)) where email is not null;
drop index users_email;
