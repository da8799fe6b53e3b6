-- One row that is written to see whether the database can store anything: a full disk answers reads for a long time.
create table storage_probe (
  id int primary key check (id = 1),
  at timestamptz not null,
  -- As large as a long message: a few free bytes in a page already there must not pass for free space.
  filling text not null
);
