import { system } from '../kernel/actor.ts';
import type { Job } from '../kernel/jobs.ts';
import { inWork, type House } from '../kernel/work.ts';
import { endTooIdle, endTooOld } from './devices.ts';

/** Jobs that keep sessions within their life. */
export const sessionJobs = (house: House): Record<string, Job> => ({
  async 'sessions-end-old'() {
    await inWork(house, system('session keeper'), endTooOld);
    await inWork(house, system('session keeper'), endTooIdle);
  },
});
export const sessionCrontab = '*/10 * * * * sessions-end-old';
