-- The audit log becomes hard to change and easy to check: entries are fixed once written, and what is signed about them is kept as it was signed.

-- Every signed statement about the log, in one numbered line: its beginning, checkpoints over batches of entries, changes of key.
-- `line` is exactly what was signed and what is kept outside the database; the other columns only find it again.
drop table audit_checkpoints;
create table audit_statements (
  number bigint primary key,
  kind text not null check (kind in ('beginning', 'checkpoint', 'rotation')),
  first_position bigint,
  last_position bigint,
  line text not null
);
-- The checkpoint that covers an entry.
create unique index audit_statements_last on audit_statements (last_position) where last_position is not null;

-- Entries of a range of time; ids follow time closely, but not exactly.
create index audit_entries_at on audit_entries (at);
-- The search box of the audit page: any part of a name, a reason, an address, a request.
create function audit_search_text(e audit_entries) returns text language sql immutable parallel safe as $$
  select lower(concat_ws(' ', e.actor_name, e.action, e.target_kind, e.target_id, e.target_name, e.reason, e.address, e.request_id))
$$;
create index audit_entries_search on audit_entries using gin (audit_search_text(audit_entries) gin_trgm_ops);

-- Bugs and careless hands meet these; a superuser can switch them off, and is found out by the signed statements outside.
create function audit_entries_fixed() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.position is null and new.hash is null then return new; end if;
    raise exception 'Only the sealer gives an audit entry its position.' using errcode = 'insufficient_privilege';
  end if;
  -- The one change there is: the sealer chains an entry, once.
  if tg_op = 'UPDATE' and current_setting('parley.sealing', true) = 'on' and old.position is null and new.position is not null and length(new.hash) = 32
    and (to_jsonb(new) - 'position' - 'hash') = (to_jsonb(old) - 'position' - 'hash') then
    return new;
  end if;
  raise exception 'The audit log is only ever added to.' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entries_fixed before insert or update or delete on audit_entries for each row execute function audit_entries_fixed();

create function audit_only_added_to() returns trigger language plpgsql as $$
begin
  raise exception 'The audit log is only ever added to.' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entries_kept before truncate on audit_entries for each statement execute function audit_only_added_to();
create trigger audit_statements_fixed before update or delete on audit_statements for each row execute function audit_only_added_to();
create trigger audit_statements_kept before truncate on audit_statements for each statement execute function audit_only_added_to();
