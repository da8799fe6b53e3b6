-- What is unread: counted without recalled messages, from a line the reader may choose, and with the mentions in
-- threads (docs/decisions/0018-unread-and-mentions.md). It reads every answer once, to number it in its thread.

-- "Mark unread from here": the first line that counts as unread although it was read. Never above the read mark, which
-- does not retreat.
alter table members add column unread_from bigint;

-- An answer's place among the answers of its root, for ever. A thread's read mark is such a number.
alter table messages add column answer integer;
update messages m set answer = n.place
  from (select id, row_number() over (partition by thread_id order by seq) as place from messages where thread_id is not null) n where n.id = m.id;

-- Recalled messages keep their numbers and are not unread: each count of unread messages looks at those above a mark.
-- Few messages are recalled, and sending writes neither index. With 10,000 conversations, all unread, a summary reads
-- 16.1 pages instead of 13.7 (explain, buffers); a conversation that is read to its end is not looked into.
create index messages_recalled_line on messages (conversation_id, line) where recalled_at is not null and line is not null;
create index messages_recalled_answer on messages (thread_id, answer) where recalled_at is not null and thread_id is not null;

-- A mention below the main line is read with its thread: it carries the answer's place in it.
alter table mentions add column thread_id uuid, add column answer integer;
update mentions n set thread_id = m.thread_id, answer = m.answer from messages m
  where m.conversation_id = n.conversation_id and m.seq = n.seq and n.line is null;
-- A followed thread's unread mentions are those above its mark.
create index mentions_thread on mentions (user_id, thread_id, answer) where thread_id is not null;

-- Whether a person follows only because answers name them: the follow ends with the last of these mentions.
alter table thread_follows add column named boolean not null default false;
-- People who were named so far follow these threads from now on. What was said until today is no news.
insert into thread_follows (user_id, thread_id, conversation_id, read_answers, named)
  select distinct n.user_id, r.id, r.conversation_id, r.answers, true from mentions n join messages r on r.id = n.thread_id
  on conflict do nothing;
