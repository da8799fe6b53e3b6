import { createBroadcast } from '../../server/kernel/broadcast.ts';
import type { Actor } from '../../server/kernel/actor.ts';
import { authority } from '../../server/kernel/authority.ts';
import type { Database } from '../../server/kernel/database.ts';
import { Events } from '../../server/kernel/events.ts';
import { createLog } from '../../server/kernel/log.ts';
import { OutboxBell } from '../../server/kernel/outbox.ts';
import { Parts } from '../../server/kernel/parts.ts';
import type { House } from '../../server/kernel/work.ts';
import { believesEverybody } from '../../server/testing/bare-house.ts';

/** A house without doors, for what is measured from the verb on. */
export function benchHouse(db: Database): House {
  const log = createLog('silent');
  const parts = new Parts();
  parts.install(authority, believesEverybody);
  return {
    db,
    log,
    events: new Events(log),
    broadcast: createBroadcast(log, { slowReaderBytes: 1_048_576 } as never),
    parts,
    bell: new OutboxBell(),
  };
}

/** A signed-in person who may do what is measured. */
export const benchActor = (id: string, ...permissions: string[]): Actor => ({
  kind: 'person',
  id,
  name: 'bench',
  deviceId: null,
  permissions: new Set(permissions),
});

export type Used = { seconds: number; cpu: number };

/** Runs something and says how long it took and how many seconds of CPU this process used. */
export async function measured<T>(run: () => Promise<T>): Promise<Used & { result: T }> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const result = await run();
  const used = process.cpuUsage(cpu);
  return { result, seconds: (performance.now() - began) / 1_000, cpu: (used.user + used.system) / 1e6 };
}
