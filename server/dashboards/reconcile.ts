import type { ClientBase } from 'pg';
import type { Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, type EventRow } from '@parley/analytics/ingest.ts';
import {
  fingerprints,
  firstHour,
  forgetHours,
  hoursAtOnce,
  rollUpAnew,
  type Fingerprint,
} from '@parley/analytics/roll-up.ts';
import { now } from '../kernel/clock.ts';
import { messagesOfHour, truthOfHours, type Truth } from './truth.ts';

/*
 * The standing check: hour by hour, the store's events against the messages themselves, by count and by a hash of all they say that no order
 * changes; and every row of the roll-up against the events. It finds what nobody expected: a part lost with a power cut, a row edited by hand, a
 * mistake of ours. What differs is emptied and filled again from the messages, and written down.
 */

export const feedName = 'dashboards';

const hourMs = 3_600_000;
/** Hours one pass of the sweep looks at, at most: a month. */
const hoursAPass = 720;
/** Messages after which a pass ends early, so that a busy month does not keep both engines busy for seconds at a time. */
const messagesAPass = 100_000;
/** Rows of one insert of a repair, about. */
const rowsAtOnce = 10_000;
/** The end of the times the roll-up can hold. */
const endOfTime = 2 ** 32 * 1_000;

/** Looks at the newest hours and at the sweep's next ones, at most every so often. */
export function standingCheck(clickhouse: Clickhouse, every: number): (client: ClientBase) => Promise<void> {
  let last = -Infinity;
  return async (client) => {
    if (now() - last < every) return;
    if (await checkOnce(clickhouse, client)) last = now();
  };
}

/** One pass; answers false when events have come meanwhile and nothing could be compared. */
export async function checkOnce(clickhouse: Clickhouse, client: ClientBase): Promise<boolean> {
  const { rows: states } = await client.query<{ sweptTo: Date | null }>(
    'select swept_to as "sweptTo" from analytics_check',
  );
  const newest = Math.floor(now() / hourMs) * hourMs + hourMs;
  const from = Math.min(states[0]?.sweptTo?.getTime() ?? -Infinity, newest - hourMs);
  const pass = await inSnapshot(client, () => comparePass(clickhouse, client, from, newest));
  if (!pass) return false;
  const { end, hours, repaired } = pass;
  const finished = end >= newest;
  await client.query(
    `update analytics_check set checked_at = now(), swept_to = $1, sweep_finished_at = case when $2 then now() else sweep_finished_at end,
       hours_checked = hours_checked + $3, hours_repaired = hours_repaired + $4, last_difference = coalesce($5, last_difference)`,
    [
      finished ? null : new Date(end),
      finished,
      hours,
      repaired.length,
      repaired.length > 0 ? JSON.stringify(repaired.at(-1)) : null,
    ],
  );
  return true;
}

/**
 * Comparing and repairing read one and the same moment: a message stored since then is still to be taken over, and a repair that filled it in as
 * well would count it twice (seen under traffic: 7,791 for 7,398; see kill.alone.test.ts).
 */
async function inSnapshot<T>(client: ClientBase, read: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level repeatable read read only');
  try {
    // Between two readings ClickHouse may rewrite a month.
    await client.query(`set local idle_in_transaction_session_timeout = '15min'`);
    return await read();
  } finally {
    await client.query('rollback');
  }
}

type Pass = { end: number; hours: number; repaired: Difference[] };

/** Compares, and repairs, the sweep's next hours, and the newest ones with whatever claims to come later; null when some events were not yet taken. */
async function comparePass(
  clickhouse: Clickhouse,
  client: ClientBase,
  from: number,
  newest: number,
): Promise<Pass | null> {
  const { rows: waiting } = await client.query(
    `select from outbox o join outbox_cursors c on c.watcher = $1 and (o.tx, o.id) > (c.tx, c.id) limit 1`,
    [feedName],
  );
  if (waiting.length > 0) return null;
  const recent = newest - 3 * hourMs;
  const { first, end } = await nextHours(clickhouse, client, from, newest);
  const truth = await truthOfHours(client, first, end, recent);
  const repaired = [
    ...(first < end ? await compare(clickhouse, client, truth, first, end) : []),
    ...(await compare(clickhouse, client, truth, Math.max(recent, end), endOfTime)),
  ];
  return { end, hours: truth.size, repaired };
}

/** Where the sweep goes on: at the first hour at or after `from` that either side knows of, so that strays in quiet times are found. */
async function nextHours(
  clickhouse: Clickhouse,
  client: ClientBase,
  from: number,
  newest: number,
): Promise<{ first: number; end: number }> {
  const { rows } = await client.query<{ first: number | null }>(
    `select (floor(extract(epoch from min(created_at)) / 3600) * 3600000)::bigint as first from messages where $1::float8 is null or created_at >= to_timestamp($1::float8 / 1000)`,
    [Number.isFinite(from) ? from : null],
  );
  const stored = await firstHour(clickhouse, Math.max(from, 0));
  const first = Math.min(rows[0]?.first ?? newest, stored ?? newest, newest);
  const { rows: many } = await client.query<{ at: number }>(
    `select (floor(extract(epoch from created_at) / 3600) * 3600000)::bigint as at from messages where created_at >= to_timestamp($1::float8 / 1000) order by created_at offset $2 limit 1`,
    [first, messagesAPass],
  );
  const enough = Math.max(first + hourMs, many[0]?.at ?? Infinity);
  return { first, end: Math.min(first + hoursAPass * hourMs, enough, newest) };
}

type Difference = { hour: string; events: number; rolledUp: number; wanted: number };

async function compare(
  clickhouse: Clickhouse,
  client: ClientBase,
  truth: Map<number, Truth>,
  from: number,
  to: number,
): Promise<Difference[]> {
  const stored = new Map((await fingerprints(clickhouse, { from, to })).map((one) => [one.hour, one]));
  const hours = [...new Set([...truth.keys(), ...stored.keys()])].filter((hour) => hour >= from && hour < to);
  const wrong = hours.filter((hour) => !sameEvents(truth.get(hour), stored.get(hour)));
  const wronglyRolledUp = hours.filter(
    (hour) => sameEvents(truth.get(hour), stored.get(hour)) && stored.get(hour)?.agrees === false,
  );
  await refill(clickhouse, client, truth, wrong);
  for (const some of inPieces(wronglyRolledUp)) await rollUpAnew(clickhouse, some);
  return [...wrong, ...wronglyRolledUp].map((hour) => ({
    hour: new Date(hour).toISOString(),
    events: stored.get(hour)?.events ?? 0,
    rolledUp: stored.get(hour)?.rolledUp ?? 0,
    wanted: truth.get(hour)?.events ?? 0,
  }));
}

const sameEvents = (wanted: Truth | undefined, found: Fingerprint | undefined): boolean =>
  (wanted?.events ?? 0) === (found?.events ?? 0) && (wanted?.hash ?? '0') === (found?.hash ?? '0');

/** Empties hours and fills them again. Cut off in between, the next pass finds them empty. */
async function refill(
  clickhouse: Clickhouse,
  client: ClientBase,
  truth: Map<number, Truth>,
  hours: readonly number[],
): Promise<void> {
  for (const some of inPieces(hours)) {
    await forgetHours(clickhouse, some);
    let rows: EventRow[] = [];
    for (const hour of some) {
      if (truth.has(hour)) rows.push(...(await messagesOfHour(client, hour)));
      // An insert costs as much for an hour as for a hundred quiet ones.
      if (rows.length < rowsAtOnce && hour !== some.at(-1)) continue;
      if (rows.length > 0) await ingest(clickhouse, rows, `repair until ${hour} at ${now()}`);
      rows = [];
    }
  }
}

const inPieces = (hours: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(hours.length / hoursAtOnce) }, (_, n) =>
    hours.slice(n * hoursAtOnce, (n + 1) * hoursAtOnce),
  );
