import type { ClientBase } from 'pg';
import type { Database } from './database.ts';
import type { Happening } from './events.ts';
import { pause, type LongLived } from './lifecycle.ts';
import type { Logger } from './log.ts';
import { watcherEvents, watcherLag } from './telemetry.ts';
import { inTransaction } from './transaction.ts';

/** One committed event as a watcher reads it. (tx, id) is its place; `at` is when it was written. */
export type OutboxEvent = {
  tx: string;
  id: number;
  type: string;
  payload: Record<string, unknown>;
  actorId: string | null;
  at: Date;
};

/** Writes an act's events with the act. */
export async function writeEvents(client: Pick<ClientBase, 'query'>, events: readonly Happening[]): Promise<void> {
  if (events.length === 0) return;
  await client.query(
    'insert into outbox (type, payload, actor_id) select * from unnest($1::text[], $2::jsonb[], $3::uuid[])',
    [
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.payload)),
      events.map((event) => event.actorId),
    ],
  );
}

/** Wakes watchers of this process at once when something was committed; other processes find it at their next look. */
export class OutboxBell {
  #waiting = new Set<() => void>();

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next ring, after `ms`, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const wake = () => stop.abort();
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await pause(ms, stop.signal);
    signal.removeEventListener('abort', wake);
    this.#waiting.delete(wake);
  }
}

/**
 * Somebody who reads the event log with a durable cursor of their own.
 * 1. `take` gets committed events in (tx, id) order and makes its effect. It may see a batch again after a crash: effects are idempotent. The
 *    batch is then exactly the same one, so a sink may recognise it by its ends.
 * 2. The cursor moves only after `take` returned. `inside: true` runs `take` in the cursor's own transaction (for sinks in PostgreSQL).
 * 3. When `take` throws, the batch is asked for again after a pause; other watchers and chat do not notice.
 */
export type Watcher = {
  name: string;
  batch?: number;
  inside?: boolean;
  /** Called once nobody else can be this watcher any more, before anything is taken. */
  begin?(): Promise<void>;
  /**
   * For sinks where a batch costs more than its events: after a batch that was not full, events gather for `times` as long as it took, at most `most`
   * milliseconds. The sink is then busy for a bounded share of the time, and what comes after a quiet moment is still taken at once.
   */
  rest?: { times: number; most: number };
  take(events: OutboxEvent[], client: ClientBase): Promise<void>;
  /** Called whenever everything has been taken; nothing is taken while it runs. */
  idle?(client: ClientBase): Promise<void>;
};

/**
 * Reads past the cursor only below the snapshot's xmin: ids are taken before commit and become visible after, so a reader that remembers
 * "the last id" loses rows of slower transactions (12–34 % with eight writers; see outbox.test.ts).
 */
export const readOutbox = `
  select o.tx::text as tx, o.id, o.type, o.payload, o.actor_id as "actorId", o.at
  from outbox o where (o.tx, o.id) > ($1::xid8, $2::bigint) and o.tx < pg_snapshot_xmin(pg_current_snapshot())
    and ($4::xid8 is null or (o.tx, o.id) <= ($4::xid8, $5::bigint))
  order by o.tx, o.id limit $3`;

const usualBatch = 1_000;

export function watch(db: Database, bell: OutboxBell, watcher: Watcher, log: Logger): LongLived {
  return {
    name: `watcher ${watcher.name}`,
    async run(signal) {
      const client = await db.client(watcher.name);
      // The heir of a cut connection finds the lock free; two processes never run one watcher at once.
      try {
        while (!signal.aborted && !(await claimWatcher(client, watcher.name))) await pause(1_000, signal);
        await client.query('insert into outbox_cursors (watcher) values ($1) on conflict do nothing', [watcher.name]);
        await watcher.begin?.();
        while (!signal.aborted) {
          const began = performance.now();
          const taken = await takeBatch(client, watcher);
          if (taken > 0) {
            if (watcher.rest && taken < (watcher.batch ?? usualBatch))
              await pause(Math.min(watcher.rest.times * (performance.now() - began), watcher.rest.most), signal);
            continue;
          }
          await watcher.idle?.(client);
          await bell.wait(500, signal);
        }
      } catch (error) {
        log.warn({ watcher: watcher.name }, 'a watcher lost its footing; its cursor stays where it was');
        throw error;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

/** Takes the lock of being this watcher, which goes with the connection; false while another has it. */
export async function claimWatcher(client: ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('parley watcher'), hashtext($1)) as locked`,
    [name],
  );
  return rows[0]!.locked;
}

type Cursor = { tx: string; id: number; claimedTx: string | null; claimedId: number | null };

/** Takes one batch and moves the cursor; returns how many events it held. */
export async function takeBatch(client: ClientBase, watcher: Watcher): Promise<number> {
  const { rows: cursors } = await client.query<Cursor>(
    'select tx::text as tx, id, claimed_tx::text as "claimedTx", claimed_id as "claimedId" from outbox_cursors where watcher = $1',
    [watcher.name],
  );
  const cursor = cursors[0]!;
  const { rows: events } = await client.query<OutboxEvent>(readOutbox, [
    cursor.tx,
    cursor.id,
    cursor.claimedTx ? null : (watcher.batch ?? usualBatch),
    cursor.claimedTx,
    cursor.claimedId,
  ]);
  const last = events.at(-1);
  if (!last) {
    watcherLag.set({ watcher: watcher.name }, 0);
    return 0;
  }
  watcherLag.set({ watcher: watcher.name }, (Date.now() - events[0]!.at.getTime()) / 1_000);
  const move = () =>
    client.query(
      'update outbox_cursors set tx = $2::xid8, id = $3, claimed_tx = null, claimed_id = null, events = events + $4, moved_at = now() where watcher = $1',
      [watcher.name, last.tx, last.id, events.length],
    );
  if (watcher.inside) {
    await inTransaction(client, async () => {
      await watcher.take(events, client);
      await move();
    });
  } else {
    await client.query('update outbox_cursors set claimed_tx = $2::xid8, claimed_id = $3 where watcher = $1', [
      watcher.name,
      last.tx,
      last.id,
    ]);
    await watcher.take(events, client);
    await move();
  }
  watcherEvents.inc({ watcher: watcher.name }, events.length);
  return events.length;
}
