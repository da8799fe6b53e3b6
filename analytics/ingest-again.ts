import type { Clickhouse } from './clickhouse.ts';
import { fingerprints, ingest, type EventRow } from './ingest.ts';

const hourMs = 3_600_000;
/** Hours named in one statement: parameters travel in the address, which has a limit. */
const hoursAtOnce = 300;

/**
 * Writes a batch that somebody may have written before, wholly or in part, and makes certain that base and roll-up hold each of its events once.
 * 1. Writes it under its own name: what is still on its way from whoever wrote it first is then recognised, whichever arrives first.
 * 2. Adds what the base misses nevertheless. ClickHouse notes a name before the rows it stands for are in their place, so an engine killed
 *    between the two takes the repeat for done: of batches cut off just there, one in six was missing for ever in the base and one in three in the
 *    roll-up, with all settings on (kill.alone.test.ts).
 * 3. Computes the roll-up of the batch's hours anew from the base where the two disagree.
 * Cut off anywhere, it is simply done once more. `attempt` must never have been used before.
 */
export async function ingestAgain(
  clickhouse: Clickhouse,
  rows: readonly EventRow[],
  batch: string,
  attempt: string,
): Promise<void> {
  await ingest(clickhouse, rows, batch);
  const byHour = Map.groupBy(rows, ({ at }) => Math.floor(at / hourMs) * hourMs);
  const hours = [...byHour.keys()].sort((a, b) => a - b);
  for (let from = 0; from < hours.length; from += hoursAtOnce) {
    const some = hours.slice(from, from + hoursAtOnce);
    const there = await idsIn(clickhouse, some);
    const missing = some.flatMap((hour) => byHour.get(hour)!).filter(({ eventId }) => !there.has(eventId));
    if (missing.length > 0) await ingest(clickhouse, missing, `${batch} missed, ${attempt}, ${from}`);
    const asked = new Set(some);
    const differ = (await fingerprints(clickhouse, some[0]!, some.at(-1)! + hourMs)).filter(
      ({ hour, events, rolledUp }) => asked.has(hour) && events !== rolledUp,
    );
    if (differ.length > 0)
      await rollUpAnew(
        clickhouse,
        differ.map(({ hour }) => hour),
      );
  }
}

async function idsIn(clickhouse: Clickhouse, hours: readonly number[]): Promise<Set<string>> {
  const { rows } = await clickhouse.query<{ id: string }>(
    `select toString(event_id) as id from events where kind = 'message' and toStartOfHour(at) in ${hoursParameter}
       and at >= toDateTime({first:UInt32}) and at < toDateTime({last:UInt32}) + 3600`,
    paramsOf(hours),
    { heavy: true },
  );
  return new Set(rows.map((row) => row.id));
}

/** The roll-up's hours from the base, by the words of its materialised view (migration 0001). */
async function rollUpAnew(clickhouse: Clickhouse, hours: readonly number[]): Promise<void> {
  await clickhouse.command(`alter table activity_hourly delete where hour in ${hoursParameter}`, paramsOf(hours));
  // Rows equal to some that were deleted would be taken for a repeat.
  await clickhouse.command(
    `insert into activity_hourly settings insert_deduplicate = 0
     select toStartOfHour(at) as hour, department, conversation_kind, bot, count() as messages, groupBitmapState(person) as people
     from events where kind = 'message' and toStartOfHour(at) in ${hoursParameter} and at >= toDateTime({first:UInt32}) and at < toDateTime({last:UInt32}) + 3600
     group by hour, department, conversation_kind, bot`,
    paramsOf(hours),
  );
}

const hoursParameter = `(select toDateTime(arrayJoin({hours:Array(UInt32)})))`;
const paramsOf = (hours: readonly number[]): Record<string, unknown> => ({
  hours: hours.map((hour) => hour / 1_000),
  first: hours[0]! / 1_000,
  last: hours.at(-1)! / 1_000,
});
