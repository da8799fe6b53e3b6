-- How far the ledger of revocations outside the database had come when this copy of the database was current. A
-- restored copy is behind it.
create table ledger_position (
  id int primary key check (id = 1),
  number bigint not null
);
insert into ledger_position (id, number) values (1, 0);
