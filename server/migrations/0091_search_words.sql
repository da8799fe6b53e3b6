-- The words that stand in search entries, so that what is being typed finds those it begins. Filled when the entries
-- are made anew.
create table search_words (word text collate "C" primary key);

-- In which form entries are: when the server folds text otherwise, it makes them anew, from the newest message to the
-- oldest.
create table search_form (
  only_one boolean primary key default true check (only_one),
  form int not null,
  -- The oldest message made anew so far; null: all are.
  below uuid
);
insert into search_form (form) values (1);
