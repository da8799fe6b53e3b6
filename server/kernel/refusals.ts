import type { Actor } from './actor.ts';
import { now } from './clock.ts';
import { inWork, type Doorway, type House } from './work.ts';

/** Refusals of the current minute by actor and operation, so that somebody hammering a door writes one line a minute and not a million. */
const recent = new Map<string, { count: number; minute: number }>();

/**
 * Audits a refusal in a small act of its own. The first of a minute is written at once; repetitions are counted and written, as one line with
 * their count, when the minute is over. A refusal that cannot be written is logged: the refusal itself stands either way.
 */
export async function recordRefusal(house: House, actor: Actor, operation: string, reason: string, doorway: Doorway): Promise<void> {
  const minute = Math.floor(now() / 60_000);
  const key = `${actor.id ?? actor.kind} ${operation}`;
  const seen = recent.get(key);
  if (seen && seen.minute === minute) {
    seen.count++;
    return;
  }
  recent.set(key, { count: 0, minute });
  if (recent.size > 10_000) recent.clear();
  try {
    await inWork(
      house,
      actor,
      async (work) => {
        if (seen && seen.count > 0) work.audit({ action: operation, outcome: 'refused', reason, after: { repeated: seen.count } });
        work.audit({ action: operation, outcome: 'refused', reason });
      },
      { doorway },
    );
  } catch (error) {
    house.log.error({ err: error, operation }, 'a refusal could not be audited');
  }
}
