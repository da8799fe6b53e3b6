import type { ClientBase } from 'pg';
import type { SearchEngine } from './engine.ts';

/** The index in PostgreSQL: tokens in a GIN index, permission and filters from the live rows in the same statement. */
export const postgresIndex: SearchEngine = {
  name: 'postgresql',

  async write(client: ClientBase, entries, gone) {
    if (entries.length > 0) {
      await client.query(
        `insert into search_entries as e (message_id, conversation_id, rev, tokens)
         select n.message_id, n.conversation_id, n.rev, array(select jsonb_array_elements_text(n.tokens))
         from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::jsonb[]) as n (message_id, conversation_id, rev, tokens)
         on conflict (message_id) do update set rev = excluded.rev, tokens = excluded.tokens where e.rev < excluded.rev`,
        [
          entries.map((e) => e.messageId),
          entries.map((e) => e.conversationId),
          entries.map((e) => e.rev),
          entries.map((e) => JSON.stringify(e.tokens)),
        ],
      );
    }
    if (gone.length > 0) await client.query('delete from search_entries where message_id = any ($1)', [gone]);
  },

  candidates(db, ask) {
    return db.rows(
      `select m.id, (extract(epoch from m.created_at) * 1000000)::bigint::text as at, m.body
       from search_entries e join messages m on m.id = e.message_id join conversations c on c.id = m.conversation_id
       left join members r on r.conversation_id = c.id and r.user_id = $1 and r.left_at is null
       where e.tokens @> $3 and m.recalled_at is null and (r.user_id is not null or (c.visibility = 'public' and $2))
         and ($4::uuid is null or m.conversation_id = $4) and ($5::uuid is null or m.sender_id = $5)
         and ($6::float8 is null or m.created_at >= to_timestamp($6 / 1000)) and ($7::float8 is null or m.created_at < to_timestamp($7 / 1000))
         and ($8::boolean is null or $8 = exists (select from users u where u.id = m.sender_id and u.kind = 'bot'))
         and ($9::bigint is null or ((extract(epoch from m.created_at) * 1000000)::bigint, m.id) < ($9, $10::uuid))
       order by (extract(epoch from m.created_at) * 1000000)::bigint desc, m.id desc limit $11`,
      [
        ask.readerId,
        ask.mayBrowse,
        ask.tokens,
        ask.conversationId ?? null,
        ask.senderId ?? null,
        ask.after ?? null,
        ask.before ?? null,
        ask.bot ?? null,
        ask.below?.at ?? null,
        ask.below?.id ?? null,
        ask.limit,
      ],
    );
  },
};
