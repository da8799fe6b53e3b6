import type { ClientBase } from 'pg';
import { withDeadlockRetries } from '../kernel/deadlocks.ts';
import type { Logger } from '../kernel/log.ts';

/** An import's own connection, and where it says what went amiss and was mended. */
export type Store = { client: ClientBase; log: Logger };

/**
 * Either the whole of `act` happens or none of it. Run again when it loses a deadlock: a failed run must leave nothing
 * behind in memory.
 */
export function inTransaction<T>({ client, log }: Store, act: () => Promise<T>): Promise<T> {
  return withDeadlockRetries({ log, where: 'import' }, async () => {
    await client.query('begin');
    try {
      const result = await act();
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  });
}
