import type { Actor } from './actor.ts';
import { now } from './clock.ts';
import { pause, type LongLived } from './lifecycle.ts';
import { partKey } from './parts.ts';
import { inWork, type Doorway, type House } from './work.ts';

type Burst = { actor: Actor; operation: string; reason: string; doorway: Doorway; minute: number; more: number };

/** Refusals of the current minute by actor and operation, so that somebody hammering a door writes two lines a minute and not a million. */
export const refusals = partKey<Map<string, Burst>>('refusals');

/** Beyond this many different ones a minute the oldest are written at once: memory is not for strangers to fill. */
const mostBursts = 10_000;

/**
 * Audits a refusal in a small act of its own. The first of a minute is written at once; repetitions are written as one line with their count when
 * the minute is over. A refusal that cannot be written is logged: the refusal itself stands either way.
 */
export async function recordRefusal(
  house: House,
  actor: Actor,
  operation: string,
  reason: string,
  { seat: _gone, ...doorway }: Doorway,
): Promise<void> {
  const bursts = house.parts.use(refusals);
  const minute = Math.floor(now() / 60_000);
  const key = `${actor.id ?? actor.kind} ${operation}`;
  const burst = bursts.get(key);
  if (burst?.minute === minute) return void burst.more++;
  bursts.set(key, { actor, operation, reason, doorway, minute, more: 0 });
  if (burst) await write(house, burst, burst.more);
  await write(house, { actor, operation, reason, doorway }, 1);
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

async function write(
  house: House,
  { actor, operation, reason, doorway }: Pick<Burst, 'actor' | 'operation' | 'reason' | 'doorway'>,
  count: number,
): Promise<void> {
  if (count === 0) return;
  try {
    await inWork(house, actor, async (work) => work.audit({ action: operation, outcome: 'refused', reason, count }), {
      doorway,
    });
  } catch (error) {
    house.log.error({ err: error, operation, count }, 'a refusal could not be audited');
  }
}
