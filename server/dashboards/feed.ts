import type { ClientBase } from 'pg';
import { migrateClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, type EventRow } from '@parley/analytics/ingest.ts';
import { ingestAgain } from '@parley/analytics/ingest-again.ts';
import { newId } from '../kernel/ids.ts';
import type { LongLived } from '../kernel/lifecycle.ts';
import { watch, type OutboxEvent, type Watcher } from '../kernel/outbox.ts';
import type { House } from '../kernel/work.ts';
import { feedName, standingCheck } from './reconcile.ts';
import { messagesByIds, messagesBySeq } from './truth.ts';

/** Brings the store to this version and then follows the event log. While the store is away nothing is lost and nobody else notices. */
export function feed({ db, bell, log }: House, store: Clickhouse, checkEveryMs: number): LongLived {
  return watch(db, bell, dashboardsWatcher(store, checkEveryMs), log);
}

/** Imported ranges are taken in pieces of this many messages, always cut at the same numbers. */
const piece = 10_000;

/**
 * Carries messages to the analytics store. A batch is named by its ends in the event log; after a crash the same batch comes again under the same
 * name, and whatever part of it had arrived is recognised there. The first batch after a start or a failure may be such a one, and is seen to be
 * whole in the base and in the roll-up before the cursor moves on.
 */
export function dashboardsWatcher(clickhouse: Clickhouse, checkEveryMs: number): Watcher {
  let certain = false;
  return {
    name: feedName,
    batch: 5_000,
    // A migration computes roll-ups from the events, which must hold still: an older process may be feeding them until it lets go.
    begin: async () => void (await migrateClickhouse(clickhouse)),
    // An insert costs ClickHouse 11 to 14 ms of CPU however few its rows (3, 10 or 100: alike): without gathering, a hundred messages a second took
    // most of a core.
    rest: { times: 3, most: 60 },
    // Nothing else writes the store, so what is compared while nothing arrives holds still.
    idle: standingCheck(clickhouse, checkEveryMs),
    async take(events, client) {
      const write: Write = certain
        ? (rows, batch) => ingest(clickhouse, rows, batch)
        : (rows, batch) => ingestAgain(clickhouse, rows, batch, newId());
      certain = false;
      const sent = events
        .filter((event) => event.type === 'message.sent')
        .map((event) => String(event.payload['messageId']));
      if (sent.length > 0)
        await write(await messagesByIds(client, sent), `sent ${placeOf(events[0]!)} to ${placeOf(events.at(-1)!)}`);
      for (const event of events) if (event.type === 'message.imported') await takeImported(write, client, event);
      certain = true;
    },
  };
}

type Write = (rows: readonly EventRow[], batch: string) => Promise<void>;

/** Places begin anew in a restored database; with the moment they are nobody else's. */
const placeOf = ({ tx, id, at }: OutboxEvent): string => `${tx}.${id}.${at.getTime()}`;

async function takeImported(write: Write, client: ClientBase, event: OutboxEvent): Promise<void> {
  const { conversationId, fromSeq, toSeq } = event.payload as {
    conversationId: string;
    fromSeq: number;
    toSeq: number;
  };
  for (let from = fromSeq; from <= toSeq; from += piece) {
    const rows = await messagesBySeq(client, conversationId, from, Math.min(from + piece - 1, toSeq));
    await write(rows, `imported ${placeOf(event)} from ${from}`);
  }
}
