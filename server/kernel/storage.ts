import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { now } from './clock.ts';
import type { Database } from './database.ts';
import { isStorageFull, storageFull, type Refused } from './errors.ts';
import { pause, type LongLived } from './lifecycle.ts';
import type { Logger } from './log.ts';
import { partKey } from './parts.ts';
import { diskFreeBytes, storageFullGauge } from './telemetry.ts';
import { inTransaction } from './transaction.ts';

/*
 * Whether what people send can be stored. A full disk answers reads, and small writes into pages already there, for a
 * long time; so this remembers a write that failed for want of space until a real write succeeds, and watches the free
 * space of the data directory.
 *
 * 1. `note` hears of failed writes, wherever they happen. From the first one on, sends are refused as `storage_full`
 *    and `/readyz` says so.
 * 2. Below the floor of free bytes the same holds before PostgreSQL meets the end of the disk (it stops with a PANIC
 *    when it cannot extend its log), as far as the database lies on this disk.
 * 3. Every two seconds it looks again; when there is space and a write goes through, everything goes on without a
 *    restart.
 * Both changes are one line of the log.
 */

/** `/readyz` writes this often at most; sends that fail are heard of at once. */
const probeEveryMs = 15_000;

export const storage = partKey<Storage>('storage');

export type StorageOptions = {
  /** Directories that are written to, with what they hold. */
  places: readonly { directory: string; holds: string }[];
  /** Whether the database lies in the first of them. */
  holdsDatabase: boolean;
  floorBytes: number;
  lookEveryMs?: number;
};

export class Storage implements LongLived {
  readonly name = 'storage watch';
  readonly #db: Database;
  readonly #log: Logger;
  readonly #options: StorageOptions;
  /** Why nothing can be stored; null while it can. */
  #full: string | null = null;
  /** A place is low although the database is elsewhere: not ready, but sends go on. */
  #low: string | null = null;
  /** The part of `#full` that is the disk running low under the database. */
  #lowDatabase: string | null = null;
  #failedWrite: string | null = null;
  #probing: Promise<void> | null = null;
  #probedAt = 0;

  constructor(db: Database, log: Logger, options: StorageOptions) {
    this.#db = db;
    this.#log = log;
    this.#options = options;
  }

  /** Hears of any error; remembers those that say that there is no space left. */
  note(error: unknown): void {
    if (!isStorageFull(error)) return;
    this.#failedWrite ??=
      'The disk of the database is full: nothing can be stored. Free space or enlarge it; Parley goes on by itself.';
    this.#settle();
  }

  /** The refusal of whatever would store something now, or null. */
  refusal(): Refused | null {
    return this.#full === null ? null : storageFull();
  }

  /**
   * Why this process cannot store, as a sentence for operators, or null. Writes to the database to find out, at most
   * once in fifteen seconds.
   */
  async trouble(): Promise<string | null> {
    if (this.#full === null && now() - this.#probedAt > probeEveryMs) await this.#look();
    return this.#full ?? this.#low;
  }

  async run(signal: AbortSignal): Promise<void> {
    const everyMs = this.#options.lookEveryMs ?? 2_000;
    while (!signal.aborted) {
      await this.#measure();
      if (this.#failedWrite !== null) await this.#look();
      await pause(everyMs, signal);
    }
  }

  async #look(): Promise<void> {
    this.#probing ??= this.#probe().finally(() => (this.#probing = null));
    await this.#probing;
    await this.#measure();
  }

  /** A write that is committed, and a file that must grow. An unreachable database says nothing about its disk. */
  async #probe(): Promise<void> {
    try {
      const filling = randomBytes(6_000).toString('base64');
      await this.#db.rows(
        `insert into storage_probe (id, at, filling) values (1, now(), $1) on conflict (id) do update set at = excluded.at, filling = excluded.filling`,
        [filling],
      );
      if (this.#failedWrite !== null) await this.#growFile();
      this.#failedWrite = null;
      this.#probedAt = now();
      this.#settle();
    } catch (error) {
      // A database that cannot be reached is another check's business.
      this.note(error);
    }
  }

  /** Four megabytes in a file of their own, which is dropped again: only asked while the disk was full a moment ago. */
  async #growFile(): Promise<void> {
    const client = await this.#db.pool.connect();
    try {
      await inTransaction(client, () =>
        client.query(
          `create temp table storage_growth on commit drop as select repeat(md5(n::text), 32) as filling from generate_series(1, 4000) n`,
        ),
      );
    } finally {
      client.release();
    }
  }

  async #measure(): Promise<void> {
    let low: string | null = null;
    let databaseIsLow = false;
    const { places, floorBytes, holdsDatabase } = this.#options;
    for (const [index, { directory, holds }] of places.entries()) {
      const free = await freeBytes(directory);
      if (free === null) continue;
      diskFreeBytes.set({ directory: holds }, free);
      // Once low, a quarter more must be free, or it would change with every message.
      const isLow = free < (this.#full !== null || this.#low !== null ? floorBytes * 1.25 : floorBytes);
      if (!isLow) continue;
      low ??= `The disk of ${holds} (${directory}) is full: ${Math.floor(free / 1_048_576)} MiB are free, and the floor is ${Math.floor(floorBytes / 1_048_576)} MiB (PARLEY_DISK_FLOOR_MB). Free space or enlarge it; Parley goes on by itself.`;
      databaseIsLow ||= holdsDatabase && index === 0;
    }
    this.#low = low;
    this.#settle(databaseIsLow ? low : null);
  }

  #settle(lowDatabase: string | null = this.#lowDatabase): void {
    this.#lowDatabase = lowDatabase;
    const before = this.#full;
    this.#full = this.#failedWrite ?? lowDatabase;
    storageFullGauge.set(this.#full === null ? 0 : 1);
    if (before === null && this.#full !== null) this.#log.error({ disk: 'full' }, this.#full);
    if (before !== null && this.#full === null)
      this.#log.warn({ disk: 'ok' }, 'there is space again: messages are stored');
  }
}

async function freeBytes(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}
