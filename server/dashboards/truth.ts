import type { ClientBase } from 'pg';
import { noDepartment, type EventRow } from '@parley/analytics/ingest.ts';

type Row = {
  id: string;
  at: number;
  person: number;
  bot: boolean;
  department: string | null;
  conversation: string;
  conversationKind: string;
};

/** A message as an event: everything in it was decided when it was said and never changes, so reading it again gives the same row. */
const columns = `
  select m.id, (extract(epoch from m.created_at) * 1000)::bigint as at, u.number as person, u.kind = 'bot' as bot, m.department_id as department,
    m.conversation_id as conversation, c.kind as "conversationKind"
  from messages m join users u on u.id = m.sender_id join conversations c on c.id = m.conversation_id`;

export async function messagesByIds(client: Pick<ClientBase, 'query'>, ids: readonly string[]): Promise<EventRow[]> {
  return rowsOf(await client.query<Row>(`${columns} where m.id = any ($1) order by m.id`, [ids]));
}

export async function messagesBySeq(
  client: Pick<ClientBase, 'query'>,
  conversationId: string,
  from: number,
  to: number,
): Promise<EventRow[]> {
  return rowsOf(
    await client.query<Row>(`${columns} where m.conversation_id = $1 and m.seq between $2 and $3 order by m.id`, [
      conversationId,
      from,
      to,
    ]),
  );
}

/** An hour as the messages tell it: how many, and the sum of their hashes, as ClickHouse computes it of its events (roll-up.ts). In milliseconds. */
export type Truth = { hour: number; events: number; hash: string };

/** The hours from one moment to another (exclusive), and all from `recent` on. */
export async function truthOfHours(
  client: Pick<ClientBase, 'query'>,
  from: number,
  to: number,
  recent: number,
): Promise<Map<number, Truth>> {
  const { rows } = await client.query<Truth>(
    `select (floor(at / 3600000.0) * 3600000)::bigint as hour, count(*) as events,
       sum(('x' || left(md5(concat_ws(' ', id, 'message', at, person, bot::int, coalesce(department, '${noDepartment}'), conversation, "conversationKind", id)), 8))::bit(32)::bigint)::text as hash
     from (${columns} where (m.created_at >= to_timestamp($1::float8 / 1000) and m.created_at < to_timestamp($2::float8 / 1000)) or m.created_at >= to_timestamp($3::float8 / 1000)) m
     group by 1`,
    [from, to, recent],
  );
  return new Map(rows.map((row) => [row.hour, row]));
}

/** Every message of one hour, in whatever snapshot the client reads. `hour` in milliseconds. */
export async function messagesOfHour(client: Pick<ClientBase, 'query'>, hour: number): Promise<EventRow[]> {
  return rowsOf(
    await client.query<Row>(
      `${columns} where m.created_at >= to_timestamp($1::float8 / 1000) and m.created_at < to_timestamp($1::float8 / 1000) + interval '1 hour' order by m.id`,
      [hour],
    ),
  );
}

const rowsOf = ({ rows }: { rows: Row[] }): EventRow[] =>
  rows.map(({ id, ...row }) => ({ eventId: id, message: id, kind: 'message', ...row }));
