import type { ClientBase } from 'pg';
import { withDeadlockRetries } from '../kernel/deadlocks.ts';
import type { Logger } from '../kernel/log.ts';
import { inTransaction } from '../kernel/transaction.ts';

/** An import's own connection, and where it says what went amiss and was mended. */
export type Store = { client: ClientBase; log: Logger };

/** One transaction, run again when it loses a deadlock: a failed run of `act` must leave nothing behind in memory. */
export const inRetriedTransaction = <T>({ client, log }: Store, act: () => Promise<T>): Promise<T> =>
  withDeadlockRetries({ log, where: 'import' }, () => inTransaction(client, act));
