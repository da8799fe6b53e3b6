import { setImmediate as nextTurn } from 'node:timers/promises';
import { system } from '../kernel/actor.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { inWork, type House } from '../kernel/work.ts';
import { renewKeys, writeDueKeys } from './key-store.ts';

/** Acts write the keys they change; what is due here comes from an upgrade or an older process beside this one. */
const lookAgainMs = 60_000;
/** A batch takes some 30 ms of the event loop; it shall not have more than a third. */
const restMs = 60;

/** Writes, in batches, the keys of people and departments that have none, or those of an older version. */
export const peopleKeys = (house: House): LongLived => ({
  name: 'people keys',
  async run(signal) {
    const keeper = system('people keys');
    await inWork(house, keeper, renewKeys);
    while (!signal.aborted) {
      const isMore = await inWork(house, keeper, writeDueKeys);
      await pause(isMore ? restMs : lookAgainMs, signal);
    }
  },
});

/** Writes all keys that are due, without resting: after the set-up of a demo, in benchmarks and tests. */
export async function writeAllKeys(house: House): Promise<void> {
  while (await inWork(house, system('people keys'), writeDueKeys)) await nextTurn();
}
