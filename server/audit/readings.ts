import type { Actor } from '../kernel/actor.ts';
import { now } from '../kernel/clock.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { partKey } from '../kernel/parts.ts';
import { inWork, type Doorway, type House, type Work } from '../kernel/work.ts';

/*
 * Reading the audit log is audited, too. The first reading of a minute is written with its act; further ones of the same person are gathered
 * and written as one line, with their count and what was looked for, when the minute is over: a page that is scrolled through is one act of
 * curiosity, not fifty.
 */

type Reading = {
  minute: number;
  actor: Actor;
  doorway: Doorway;
  more: number;
  what: Map<string, Record<string, unknown>>;
};

export type Readings = Map<string, Reading>;

export const readings = partKey<Readings>('audit readings');

/** How many different searches a gathered line names; the count counts all. */
const NAMED = 20;

/** Audits that the actor reads the audit log: at once, or with the line that closes the minute. */
export function noteReading(work: Work, what: Record<string, unknown>): void {
  const open = work.use(readings);
  const minute = Math.floor(now() / 60_000);
  const who = work.actor.id ?? work.actor.name;
  const seen = open.get(who);
  if (seen?.minute === minute && !work.preview) {
    seen.more++;
    if (seen.what.size < NAMED) seen.what.set(JSON.stringify(what), what);
    return;
  }
  work.audit({ action: 'audit.read', after: what });
  if (work.preview) return;
  // Only a committed line may stand for those that follow it.
  work.afterCommit(() => {
    const late = open.get(who);
    if (late && late.minute !== minute && late.more > 0) open.set(`${who} ${late.minute}`, late);
    if (late?.minute !== minute)
      open.set(who, { minute, actor: work.actor, doorway: work.doorway, more: 0, what: new Map() });
  });
}

/** Writes gathered readings when their minute is over, and those still open when the house stops. */
export function readingsWriter(house: House): LongLived {
  return {
    name: 'audit readings',
    async run(signal) {
      while (!signal.aborted) {
        await pause(5_000, signal);
        await writeReadings(house, signal.aborted);
      }
    },
  };
}

/** A line that cannot be written is kept and tried again. */
export async function writeReadings(house: House, all = false): Promise<void> {
  const open = house.parts.use(readings);
  const minute = Math.floor(now() / 60_000);
  for (const [key, reading] of [...open]) {
    if (reading.minute === minute && !all) continue;
    if (reading.more > 0) {
      const { seat: _seat, ...doorway } = reading.doorway;
      const after = {
        repeated: reading.more,
        minute: new Date(reading.minute * 60_000).toISOString(),
        what: [...reading.what.values()],
      };
      await inWork(house, reading.actor, async (work) => work.audit({ action: 'audit.read', after }), { doorway });
    }
    if (open.get(key) === reading) open.delete(key);
  }
}
