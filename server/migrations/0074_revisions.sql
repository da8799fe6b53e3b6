-- Former texts of messages. An edit or a recall moves the text that stood into a revision, and a recalled message holds
-- no text itself. The texts of messages recalled before this are moved here too; what edits replaced before this was
-- not kept, and nothing is made up for it.

-- Written by server/messages/revisions.ts alone. The key serves every reading: the revisions of one message, in their
-- order.
create table revisions (
  message_id uuid not null references messages (id) on delete cascade,
  -- 1, 2, 3 … in the order in which the texts stood.
  number integer not null,
  body text not null,
  mentions uuid[] not null,
  -- Since when this text stood, and when, by whom and by what it was replaced. A null person: not known.
  written_at timestamptz not null,
  replaced_at timestamptz not null,
  replaced_by uuid references users (id),
  ended_by text not null check (ended_by in ('edit', 'recall')),
  primary key (message_id, number)
);

-- Two statements over the whole table, and only the recalled rows are written. See docs/decisions/0019-revisions.md for
-- how long this takes.
insert into revisions (message_id, number, body, mentions, written_at, replaced_at, replaced_by, ended_by)
select m.id, 1, m.body, m.mentions, coalesce(m.edited_at, m.created_at), m.recalled_at, null, 'recall'
from messages m where m.recalled_at is not null and m.body <> '';

update messages set body = '', mentions = '{}' where recalled_at is not null and (body <> '' or mentions <> '{}');
