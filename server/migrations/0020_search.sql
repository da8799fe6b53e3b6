-- What search finds messages by: their tokens (words, CJK characters and bigrams, symbols). Disposable: rebuilt from the messages at any time.

create table search_entries (
  message_id uuid primary key,
  conversation_id uuid not null,
  -- The message's rev when it was read: an older reading never replaces a newer one.
  rev bigint not null,
  tokens text[] not null
);
create index search_entries_tokens on search_entries using gin (tokens) with (fastupdate = on);
