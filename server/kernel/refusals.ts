import type { Actor } from './actor.ts';
import type { AuditEntry } from './audit-log.ts';
import { now } from './clock.ts';
import { pause, type LongLived } from './lifecycle.ts';
import { partKey } from './parts.ts';
import { inWork, type Doorway, type House } from './work.ts';

type Line = { actor: Actor; entry: Omit<AuditEntry, 'id' | 'count'>; doorway: Doorway };
type Burst = Line & { minute: number; more: number };

/**
 * Refusals of the current minute by actor and operation, so that a client hammering a door writes two lines a minute
 * and not a million.
 */
export const refusals = partKey<Map<string, Burst>>('refusals');

/** Beyond this many different ones a minute the oldest are written at once: memory is not for strangers to fill. */
const mostBursts = 10_000;

/** Audits a refusal; those of one actor at one operation are alike. */
export const recordRefusal = (
  house: House,
  actor: Actor,
  operation: string,
  reason: string,
  doorway: Doorway,
): Promise<void> =>
  recordBurst(house, `${actor.id ?? actor.kind} ${operation}`, {
    actor,
    entry: { action: operation, outcome: 'refused', reason },
    doorway,
  });

/**
 * Audits what a client can cause as often as it likes, in a small act of its own. The first of a minute is written at
 * once; further lines under the same key are written as one line with their count when the minute is over. A line that
 * cannot be written is logged; nothing is thrown.
 */
export async function recordBurst(
  house: House,
  key: string,
  { actor, entry, doorway: { seat: _gone, ...doorway } }: Line,
): Promise<void> {
  const bursts = house.parts.use(refusals);
  const minute = Math.floor(now() / 60_000);
  const burst = bursts.get(key);
  if (burst?.minute === minute) return void burst.more++;
  bursts.set(key, { actor, entry, doorway, minute, more: 0 });
  if (burst) await write(house, burst, burst.more);
  await write(house, { actor, entry, doorway }, 1);
  if (bursts.size > mostBursts) await writeBursts(house, true);
}

/** Writes the counts of minutes that are over, and those still open when the house stops. */
export function refusalsWriter(house: House): LongLived {
  return {
    name: 'audit refusals',
    async run(signal) {
      while (!signal.aborted) {
        await pause(5_000, signal);
        await writeBursts(house, signal.aborted);
      }
    },
  };
}

export async function writeBursts(house: House, all = false): Promise<void> {
  const bursts = house.parts.use(refusals);
  const minute = Math.floor(now() / 60_000);
  for (const [key, burst] of [...bursts]) {
    if (burst.minute === minute && !all) continue;
    bursts.delete(key);
    await write(house, burst, burst.more);
  }
}

async function write(house: House, { actor, entry, doorway }: Line, count: number): Promise<void> {
  if (count === 0) return;
  try {
    await inWork(house, actor, async (work) => work.audit({ ...entry, count }), { doorway });
  } catch (error) {
    house.log.error({ err: error, action: entry.action, count }, 'an audit line could not be written');
  }
}
