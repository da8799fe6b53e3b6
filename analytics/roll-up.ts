import type { Clickhouse } from './clickhouse.ts';

/*
 * The roll-up that tiles read, in words: migration 0002 makes its table and the view that feeds it by the same ones. A message counts in four rows
 * of its hour: in its department or under everybody, in its kind of conversation or under any. Whoever reads picks one of the four.
 */

/** The department under which everybody counts, whatever their own; no department has this id. */
export const everybody = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** The kind of conversation under which all kinds count. */
export const anyKind = '';
/** The condition that picks of each message's four rows the one of everybody and any kind. */
export const once = `department = toUUID('${everybody}') and conversation_kind = '${anyKind}'`;

const hourMs = 3_600_000;
/** Hours named in one statement: parameters travel in the address, which has a limit. */
export const hoursAtOnce = 300;

/** The roll-up's rows as the events of some hours tell them. */
const fromEvents = (
  where: string,
) => `select counted_in as department, counted_as as conversation_kind, toStartOfHour(at) as hour, bot, count() as messages, groupBitmapState(person) as people
from events
array join [department, toUUID('${everybody}'), department, toUUID('${everybody}')] as counted_in, [conversation_kind, conversation_kind, '${anyKind}', '${anyKind}'] as counted_as
where kind = 'message' and ${where}
group by counted_in, counted_as, hour, bot`;

/** Some hours, or all from one moment (inclusive) to another (exclusive); in milliseconds. */
export type Hours = readonly number[] | { from: number; to: number };

/** Conditions for the hours of a column of times, and their parameters. The list also names its ends, so that whole parts are passed over. */
function within(hours: Hours): { at: (time: string) => string; params: Record<string, unknown> } {
  if ('from' in hours)
    return {
      at: (time) =>
        `${time} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') and ${time} < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
      params: { from: hours.from, to: hours.to },
    };
  return {
    at: (time) =>
      `toStartOfHour(${time}) in (select toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC')) and ${time} >= toDateTime({first:UInt32}, 'UTC') and ${time} < toDateTime({last:UInt32}, 'UTC') + 3600`,
    params: {
      hours: hours.map((hour) => hour / 1_000),
      first: Math.min(...hours) / 1_000,
      last: Math.max(...hours) / 1_000,
    },
  };
}

/** What the store has of an hour. `hash` is the sum of its events' hashes, whatever their order; `agrees`: the roll-up is exactly what the events say. */
export type Fingerprint = { hour: number; events: number; rolledUp: number; hash: string; agrees: boolean };

/**
 * Fingerprints of the hours that have events or a roll-up. An event's hash is of everything it says, so that a row edited by hand is found as well
 * as one that is missing; PostgreSQL computes the same (truth.ts).
 */
export async function fingerprints(clickhouse: Clickhouse, hours: Hours): Promise<Fingerprint[]> {
  const { at, params } = within(hours);
  const rowHash = `cityHash64(department, conversation_kind, hour, bot, messages, arraySort(bitmapToArray(people)))`;
  const { rows } = await clickhouse.query<Omit<Fingerprint, 'agrees'> & { agrees: number }>(
    `select start as hour, sum(base) as events, sum(rolled) as rolledUp, toString(sum(hashes)) as hash, toUInt8(sum(wanted) = sum(found)) as agrees from (
       select toUnixTimestamp(toStartOfHour(at)) as start, count() as base, 0 as rolled, toUInt64(0) as wanted, toUInt64(0) as found,
         sum(reinterpretAsUInt32(reverse(substring(MD5(concat(toString(event_id), ' ', kind, ' ', toString(toUnixTimestamp64Milli(at)), ' ', toString(person), ' ', toString(toUInt8(bot)), ' ',
           toString(department), ' ', toString(conversation), ' ', conversation_kind, ' ', toString(message))), 1, 4)))) as hashes
       from events where ${at('at')} group by start
       union all
       select toUnixTimestamp(hour) as start, 0, 0, sum(${rowHash}), toUInt64(0), 0 from (${fromEvents(at('at'))}) group by start
       union all
       select toUnixTimestamp(toStartOfHour(hour)) as start, 0, sumIf(messages, ${once}), toUInt64(0), sum(${rowHash}), 0 from (
         select department, conversation_kind, hour, bot, sum(messages) as messages, groupBitmapMergeState(people) as people
         from activity where ${at('hour')} group by department, conversation_kind, hour, bot
       ) group by start
     ) group by start order by start`,
    params,
    { heavy: true },
  );
  return rows.map((row) => ({ ...row, hour: row.hour * 1_000, agrees: row.agrees === 1 }));
}

/** The first hour from `from` on that has events or a roll-up; null when there is none. In milliseconds. */
export async function firstHour(clickhouse: Clickhouse, from: number): Promise<number | null> {
  const { rows } = await clickhouse.query<{ first: number | null }>(
    `select min(start) as first from (
       select toUnixTimestamp64Milli(minOrNull(at)) as start from events where at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
       union all
       select toInt64(toUnixTimestamp(minOrNull(hour))) * 1000 from activity where hour >= fromUnixTimestamp64Milli({from:Int64}, 'UTC'))`,
    { from },
    { heavy: true },
  );
  const first = rows[0]?.first ?? null;
  return first === null ? null : Math.floor(first / hourMs) * hourMs;
}

/** The roll-up's hours computed anew from the events. */
export async function rollUpAnew(clickhouse: Clickhouse, hours: readonly number[]): Promise<void> {
  const { at, params } = within(hours);
  await clickhouse.command(`alter table activity delete where ${at('hour')}`, params);
  // Rows equal to some that were deleted would be taken for a repeat.
  await clickhouse.command(
    `insert into activity settings insert_deduplicate = 0, max_partitions_per_insert_block = 0\n${fromEvents(at('at'))}`,
    params,
  );
}

/** Empties hours in the events and in the roll-up, so that they can be filled again from the truth. */
export async function forgetHours(clickhouse: Clickhouse, hours: readonly number[]): Promise<void> {
  const { at, params } = within(hours);
  await clickhouse.command(`alter table events delete where ${at('at')}`, params);
  await clickhouse.command(`alter table activity delete where ${at('hour')}`, params);
}

/** The ids of the events of some hours. */
export async function eventIds(clickhouse: Clickhouse, hours: readonly number[]): Promise<Set<string>> {
  const { at, params } = within(hours);
  const { rows } = await clickhouse.query<{ id: string }>(
    `select toString(event_id) as id from events where kind = 'message' and ${at('at')}`,
    params,
    { heavy: true },
  );
  return new Set(rows.map((row) => row.id));
}
