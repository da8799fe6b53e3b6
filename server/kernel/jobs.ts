import { run, runMigrations, type Runner, type TaskList } from 'graphile-worker';
import { Logger as WorkerLogger } from 'graphile-worker';
import type { Database } from './database.ts';
import type { LongLived } from './lifecycle.ts';
import type { Work } from './work.ts';
import type { Logger } from './log.ts';

/** What a job does with its payload; it may run again after a failure, so its effect must be repeatable. */
export type Job = (payload: unknown) => Promise<void>;

/** Work that outlives its act: enqueued in the act's transaction, so a rolled-back act leaves no job behind. `key` names it: a second one of a name replaces the first. */
export async function enqueue(work: Work, name: string, payload: unknown, key: string): Promise<void> {
  await work.sql('select graphile_worker.add_job($1, $2::json, job_key => $3)', [name, JSON.stringify(payload), key]);
}

/**
 * Runs jobs (graphile-worker, in PostgreSQL) in processes with the worker role. `crontab` lines name jobs to run on a schedule.
 * A job that fails is tried again with growing pauses; the table keeps its last error.
 */
export function jobs(db: Database, log: Logger, tasks: Record<string, Job>, crontab: string): LongLived {
  const logger = new WorkerLogger(() => (level, message, meta) => {
    if (level === 'error') log.error({ meta }, message);
    else if (level === 'warning') log.warn({ meta }, message);
  });
  return {
    name: 'jobs',
    async run(signal) {
      const taskList: TaskList = Object.fromEntries(
        Object.entries(tasks).map(([name, job]) => [name, (payload: unknown) => job(payload)]),
      );
      const runner: Runner = await run({
        connectionString: db.directUrl,
        concurrency: 2,
        noHandleSignals: true,
        pollInterval: 2_000,
        taskList,
        crontab,
        logger,
      });
      const stop = () => void runner.stop().catch(() => undefined);
      signal.addEventListener('abort', stop, { once: true });
      // Asked to stop while the runner was still starting: nobody will say it again.
      if (signal.aborted) stop();
      await runner.promise;
    },
  };
}

/** Creates or upgrades the queue's own schema. */
export const migrateJobs = (url: string): Promise<void> => runMigrations({ connectionString: url });
