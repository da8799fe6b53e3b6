-- A plan is applied once: whether it was is asked of the audit log, by the name of its preview.
create index audit_entries_preview_token on audit_entries (preview_token) where preview_token is not null;
