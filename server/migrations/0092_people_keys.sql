-- What a search finds people and departments by: beginnings that may be typed. Code writes them (server/users/keys.ts);
-- triggers note whose keys have to be written anew, so that no way to change a name can forget it.

-- A key of a person (owner: server/users). Whole and inner parts of names, pinyin, initials, addresses, titles, folded.
create table person_keys (
  user_id uuid not null references users (id) on delete cascade,
  -- Colleagues 0, guests 1, bots 2, senders of imported history 3: each is searched apart from the others.
  class smallint not null,
  -- What the key is of; the smaller, the better a match.
  kind smallint not null,
  -- In the order of its bytes, whatever the database's locale: what begins with a word is one range.
  key text collate "C" not null,
  -- Whether a person found by one word is found by the others too.
  primary key (user_id, key, kind)
);
-- The best few people whose keys begin with a word, or all of them: one walk for each class and kind.
create index person_keys_search on person_keys (class, kind, key, user_id);

-- A key of a department's name (owner: server/users). People are found by the department they are in.
create table department_keys (
  department_id uuid not null references departments (id) on delete cascade,
  key text collate "C" not null,
  primary key (department_id, key)
);
create index department_keys_search on department_keys (key, department_id);

-- The first people of a department by name, each kind by itself.
create index users_department_order on users (department_id, kind, lower(name), id);

-- Whose keys are not those of their present facts. An act that changes facts writes the keys and takes the row away
-- before it commits; what it leaves is done in the background.
create table keys_due (
  id uuid primary key,
  what text not null check (what in ('person', 'department'))
);

-- By which version of the code all keys are, or will be once nothing is due.
create table keys_version (
  id int primary key check (id = 1),
  version int not null
);
insert into keys_version (id, version) values (1, 0);

create function person_keys_come_due() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into keys_due (id, what) select n.id, 'person' from fresh n on conflict do nothing;
  else
    insert into keys_due (id, what) values (new.id, 'person') on conflict do nothing;
  end if;
  return null;
end $$;
create trigger users_keys_come_due after insert on users referencing new table as fresh
  for each statement execute function person_keys_come_due();
create trigger users_keys_come_due_again after update of name, email, title, kind on users for each row
  when (old.name is distinct from new.name or old.email is distinct from new.email
    or old.title is distinct from new.title or old.kind is distinct from new.kind)
  execute function person_keys_come_due();

create function department_keys_come_due() returns trigger language plpgsql as $$
begin
  insert into keys_due (id, what) values (new.id, 'department') on conflict do nothing;
  return null;
end $$;
create trigger departments_keys_come_due after insert on departments for each row
  execute function department_keys_come_due();
create trigger departments_keys_come_due_again after update of name on departments for each row
  when (old.name is distinct from new.name) execute function department_keys_come_due();
