import type { Client } from 'pg';
import type { Database } from '../kernel/database.ts';
import { isDeadlock } from '../kernel/deadlocks.ts';
import { until } from './client.ts';

/**
 * The rival lost: it came to its second row more than a second (deadlock_timeout) after the other began to wait.
 * Nothing was shown.
 */
class RivalLost extends Error {}

/** Plays a scene again until it is the other transaction that loses. */
export async function untilLost(scene: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await scene();
    } catch (error) {
      if (!(error instanceof RivalLost)) throw error;
    }
  }
}

/**
 * A transaction from outside that makes another one lose a deadlock: it holds one row, and asks for a row the other
 * holds as soon as the other waits for its own. PostgreSQL ends the transaction that has waited longest, which is the
 * other one, and the rival goes on.
 */
export class Rival {
  readonly #db: Database;
  readonly #client: Client;

  private constructor(db: Database, client: Client) {
    this.#db = db;
    this.#client = client;
  }

  /** Locks what `sql` locks. */
  static async holding(db: Database, sql: string, params: unknown[]): Promise<Rival> {
    const client = await db.client('a rival');
    await client.query('begin');
    await client.query(sql, params);
    return new Rival(db, client);
  }

  /**
   * Waits until another transaction waits for the rival, then asks for what that one holds; resolves when the rival has
   * got it and let go.
   */
  async closeTheCircle(sql: string, params: unknown[]): Promise<void> {
    const { processID } = this.#client as unknown as { processID: number };
    await until(
      async () =>
        (
          await this.#db.rows(
            'select from pg_stat_activity where datname = current_database() and $1 = any (pg_blocking_pids(pid))',
            [processID],
          )
        ).length > 0,
      'another transaction to wait for the rival',
    );
    try {
      await this.#client.query(sql, params);
      await this.#client.query('commit');
    } catch (error) {
      throw isDeadlock(error) ? new RivalLost() : error;
    } finally {
      await this.#client.end();
    }
  }
}
