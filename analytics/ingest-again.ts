import type { Clickhouse } from './clickhouse.ts';
import { ingest, type EventRow } from './ingest.ts';
import { eventIds, fingerprints, hoursAtOnce, rollUpAnew } from './roll-up.ts';

const hourMs = 3_600_000;

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
    const there = await eventIds(clickhouse, some);
    const missing = some.flatMap((hour) => byHour.get(hour)!).filter(({ eventId }) => !there.has(eventId));
    if (missing.length > 0) await ingest(clickhouse, missing, `${batch} missed, ${attempt}, ${from}`);
    const differ = (await fingerprints(clickhouse, some)).filter(({ agrees }) => !agrees);
    if (differ.length > 0)
      await rollUpAnew(
        clickhouse,
        differ.map(({ hour }) => hour),
      );
  }
}
