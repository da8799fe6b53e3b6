import { Refused, sqlStateOf } from './errors.ts';
import { pause } from './lifecycle.ts';
import type { Logger } from './log.ts';
import { deadlocks } from './telemetry.ts';

/*
 * PostgreSQL ends one of two transactions that wait for each other (40P01), and one that cannot be given its place
 * among the others (40001). It has undone everything the loser did, and the winner goes on: the loser only has to run
 * again. Locks are taken in one order (docs/decisions/0017-lock-order.md), so this should not happen; when it does, the
 * person who asked does not hear of it.
 */

/**
 * How often an act or a batch runs at most. Each lost run has waited for PostgreSQL's deadlock_timeout, a second,
 * before.
 */
export const deadlockAttempts = 5;

/**
 * Whether PostgreSQL ended the transaction so that others could go on. The connection is sound, and nothing was stored.
 */
export function isDeadlock(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}

/**
 * Runs `attempt` again, after a moment chosen at random, as long as it loses deadlocks. An attempt must leave nothing
 * behind when it fails. One that keeps losing is refused as `overloaded`.
 */
export async function withDeadlockRetries<T>(
  { log, where }: { log: Logger; where: 'act' | 'send lane' | 'import' },
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isDeadlock(error)) throw error;
      deadlocks.inc({ where });
      log.warn({ err: error, where, attempt: tried }, 'a transaction lost a deadlock');
      if (tried === deadlockAttempts)
        throw new Refused(
          'overloaded',
          'Other changes to the same things kept getting in the way. Nothing was stored; try again.',
          { retryAfter: 1_000, cause: error },
        );
    }
    await pause(Math.random() * 20 * tried);
  }
}
