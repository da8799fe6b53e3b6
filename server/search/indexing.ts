import type { ClientBase } from 'pg';
import type { Logger } from '../kernel/log.ts';
import type { OutboxEvent, Watcher } from '../kernel/outbox.ts';
import type { SearchEngine } from './engine.ts';
import { indexMessages, readMessages } from './entries.ts';
import { rebuildSome } from './rebuild.ts';

/** Keeps the index behind the event log: whatever a message was when an event came, it is indexed as it is now. */
export function searchWatcher(engine: SearchEngine, log: Logger): Watcher {
  // Asked once a connection: a watcher is idle after every message.
  let isMade = false;
  return {
    name: 'search',
    batch: 2_000,
    inside: true,
    async begin() {
      isMade = false;
    },
    async take(events, client) {
      const changed = idsOf(events, 'message.edited', 'message.recalled');
      const ids = [...new Set([...idsOf(events, 'message.sent'), ...changed])];
      if (ids.length > 0)
        await indexMessages(engine, client, await readMessages(client, 'm.id = any ($1)', [ids]), changed);
      for (const event of events) if (event.type === 'message.imported') await indexImported(engine, client, event);
    },
    async idle(client) {
      isMade ||= await rebuildSome(engine, client, log);
    },
  };
}

const idsOf = (events: readonly OutboxEvent[], ...types: string[]): string[] => [
  ...new Set(events.filter(({ type }) => types.includes(type)).map(({ payload }) => String(payload['messageId']))),
];

async function indexImported(engine: SearchEngine, client: ClientBase, { payload }: OutboxEvent): Promise<void> {
  const last = Number(payload['toSeq']);
  for (let from = Number(payload['fromSeq']); from <= last; from += 2_000) {
    const upTo = Math.min(from + 1_999, last);
    const place = [payload['conversationId'], from, upTo];
    const rows = await readMessages(client, 'm.conversation_id = $1 and m.seq between $2 and $3', place);
    await indexMessages(engine, client, rows);
  }
}
