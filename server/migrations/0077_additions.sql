-- How many people a person has put into conversations on their last day of doing so, altogether and each of them: for
-- the caps of a day. One row a person who adds, and one for each person they added that day; those of an earlier day
-- are deleted when the next day is begun.
create table addition_days (
  added_by uuid primary key references users (id) on delete cascade,
  day date not null,
  people integer not null
);

create table additions (
  added_by uuid not null references users (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  day date not null,
  conversations integer not null,
  primary key (added_by, user_id)
);

-- Deleting a person looks for rows that name them.
create index additions_user on additions (user_id);
