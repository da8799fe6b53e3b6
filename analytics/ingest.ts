import type { Clickhouse } from './clickhouse.ts';

/** One event as the store keeps it. `at` is milliseconds since 1970; `department` null means none. */
export type EventRow = {
  eventId: string;
  kind: 'message';
  at: number;
  person: number;
  bot: boolean;
  department: string | null;
  conversation: string;
  conversationKind: string;
  message: string;
};

export const noDepartment = '00000000-0000-0000-0000-000000000000';

const columns = [
  'event_id',
  'kind',
  'at',
  'person',
  'bot',
  'department',
  'conversation',
  'conversation_kind',
  'message',
] as const;
/** Rows of one insert. One insert is one block of one token, so a batch is always cut at the same places. */
const blockRows = 50_000;

/**
 * Writes events under a name that stands for exactly these rows in this order: the same name again changes nothing.
 */
export async function ingest(clickhouse: Clickhouse, rows: readonly EventRow[], batch: string): Promise<void> {
  for (let from = 0; from < rows.length; from += blockRows) {
    await clickhouse.insert(
      'events',
      columns,
      rows
        .slice(from, from + blockRows)
        .map(lineOf)
        .join(''),
      `${batch}/${from}`,
    );
  }
}

/** Only ids, numbers and words of our own stand in a line, so nothing needs escaping. */
function lineOf({
  eventId,
  kind,
  at,
  person,
  bot,
  department,
  conversation,
  conversationKind,
  message,
}: EventRow): string {
  return `${eventId}\t${kind}\t${(at / 1_000).toFixed(3)}\t${person}\t${bot}\t${department ?? noDepartment}\t${conversation}\t${conversationKind}\t${message}\n`;
}

/** An hour's fingerprint: how many events, and the sum of their hashes, whatever their order. */
export type Fingerprint = { hour: number; events: number; rolledUp: number; hash: string };

/** Fingerprints of every hour from `from` (inclusive) to `to` (exclusive), in milliseconds, that has events or a roll-up. */
export async function fingerprints(clickhouse: Clickhouse, from: number, to: number): Promise<Fingerprint[]> {
  const { rows } = await clickhouse.query<{ hour: number; events: number; rolledUp: number; hash: string }>(
    `select hour, sum(events) as events, sum(rolledUp) as rolledUp, toString(sum(hash)) as hash from (
       select toUnixTimestamp(toStartOfHour(at)) as hour, count() as events, 0 as rolledUp, sum(reinterpretAsUInt32(reverse(substring(MD5(toString(event_id)), 1, 4)))) as hash
       from events where kind = 'message' and at >= fromUnixTimestamp64Milli({from:Int64}) and at < fromUnixTimestamp64Milli({to:Int64}) group by hour
       union all
       select toUnixTimestamp(hour) as hour, 0, sum(messages), 0 from activity_hourly where hour >= toDateTime(intDiv({from:Int64}, 1000)) and hour < toDateTime(intDiv({to:Int64}, 1000)) group by hour
     ) group by hour order by hour`,
    { from, to },
    { heavy: true },
  );
  return rows.map((row) => ({ ...row, hour: row.hour * 1_000 }));
}

/** Empties one hour in the base and in its roll-up, so that it can be filled again from the truth. */
export async function forgetHour(clickhouse: Clickhouse, hour: number): Promise<void> {
  const params = { hour: Math.floor(hour / 1_000) };
  await clickhouse.command(
    `alter table events delete where kind = 'message' and toStartOfHour(at) = toDateTime({hour:UInt32})`,
    params,
  );
  await clickhouse.command('alter table activity_hourly delete where hour = toDateTime({hour:UInt32})', params);
}
