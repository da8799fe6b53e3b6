import type { HistoryPage } from '@parley/protocol/messages.ts';
import { malformed, notFound } from '../kernel/errors.ts';
import { anyValue, type Database } from '../kernel/database.ts';
import type { Work } from '../kernel/work.ts';
import { JsonText } from '../kernel/json-text.ts';

/** A page of history as the reader asked for it. */
export async function page(work: Work, input: HistoryPage): Promise<JsonText> {
  return new JsonText(await historyPage(work.db, work.person(), input, work.may('channels.browse')));
}

/**
 * One page of history as JSON text, never parsed here: `{ messages, head, older, newer }`, oldest first, or `{ unchanged: true }`.
 * Whoever may not read the conversation gets `not_found`, in the same statement.
 */
export async function historyPage(
  db: Database,
  readerId: string,
  input: HistoryPage,
  mayBrowse: boolean,
): Promise<string> {
  const places = [input.before, input.after, input.around, input.at].filter((place) => place !== undefined);
  if (places.length > 1) throw malformed('before, after, around, at: give at most one of them');
  const way =
    input.around !== undefined || input.at !== undefined ? 'around' : input.after !== undefined ? 'after' : 'before';
  const scope = input.threadId ? 'thread' : 'line';
  const place = input.around ?? input.after ?? input.before ?? null;
  const result = await db.pool.query<[string | null]>({
    name: `history ${way} ${scope} ${input.at === undefined ? '' : 'at'}`,
    text: statementFor(way, scope, input.at !== undefined),
    values: [
      input.conversationId,
      readerId,
      mayBrowse,
      input.head ?? null,
      input.at === undefined ? place : new Date(input.at),
      input.limit,
      ...(input.threadId ? [input.threadId] : []),
    ],
    rowMode: 'array',
  });
  const text = result.rows[0]?.[0];
  if (!text) throw notFound('conversation');
  return text;
}

type Way = 'before' | 'after' | 'around';
type Scope = 'line' | 'thread';

const written = new Map<string, string>();

/** $1 conversation, $2 reader, $3 may browse, $4 head the reader holds, $5 place (a seq, or a time), $6 limit, $7 thread. */
function statementFor(way: Way, scope: Scope, byTime: boolean): string {
  const key = `${way} ${scope} ${byTime}`;
  const known = written.get(key);
  if (known) return known;
  const inScope =
    scope === 'thread'
      ? '(m.thread_id = $7 or m.id = $7) and m.conversation_id = c.id'
      : 'm.conversation_id = c.id and m.line is not null';
  const limit = anyValue('$6::int');
  const place = byTime
    ? `coalesce((select m.seq from messages m where ${inScope} and m.created_at >= ${anyValue('$5::timestamptz')} order by m.created_at, m.seq limit 1), c.last_seq)`
    : anyValue('$5::bigint');
  const back = (bound: string, take: string) =>
    `(select m.* from messages m where ${inScope} and m.seq < ${bound} order by m.seq desc limit ${take})`;
  const forth = (bound: string, take: string) =>
    `(select m.* from messages m where ${inScope} and m.seq >= ${bound} order by m.seq limit ${take})`;
  // Lines, and answers below their root, are numbered without a gap: whether there is more is seen without a look. A
  // search for what comes after the newest message would find nothing, and PostgreSQL would read all there are for it.
  const [first, number, last] =
    scope === 'thread'
      ? [0, 'coalesce(found.answer, 0)', '(select r.answers from messages r where r.id = $7)']
      : [1, 'found.line', 'c.last_line'];
  const isSo = (condition: string) => `coalesce(${condition}, false)::text`;
  const rows =
    way === 'before'
      ? back(`coalesce(${place}, 9223372036854775807)`, limit)
      : way === 'after'
        ? forth(`${place} + 1`, limit)
        : `(${back('p.seq', `${limit} / 2`)} union all ${forth('p.seq', `${limit} - ${limit} / 2`)})`;
  const statement = `
    select case
      when c.head = $4::bigint then '{"unchanged":true}'
      else (
        select concat('{"messages":[', string_agg(message_text(found::messages), ',' order by found.seq), '],"head":', c.head,
          ',"older":', ${isSo(`min(${number}) > ${first}`)}, ',"newer":', ${isSo(`max(${number}) < ${last}`)}, '}')
        from (select m.* from ${rows} m) found)
      end
    from conversations c ${way === 'around' ? `cross join lateral (select ${place} as seq) p` : ''}
    where c.id = $1 and (exists (select from members r where r.conversation_id = c.id and r.user_id = $2 and r.left_at is null) or (c.visibility = 'public' and $3))`;
  written.set(key, statement);
  return statement;
}
