import type { ClientBase } from 'pg';
import type { OutboxEvent, Watcher } from '../kernel/outbox.ts';
import type { SearchEngine } from './engine.ts';
import { plainOf, tokensOf } from './tokens.ts';

type Row = { id: string; conversationId: string; rev: number; at: string; body: string; recalled: boolean };

/** Keeps the index behind the event log: whatever a message was when an event came, it is indexed as it is now. */
export function searchWatcher(engine: SearchEngine): Watcher {
  return {
    name: 'search',
    batch: 2_000,
    inside: true,
    async take(events, client) {
      const ids = events
        .filter(({ type }) => type === 'message.sent' || type === 'message.edited' || type === 'message.recalled')
        .map(({ payload }) => String(payload['messageId']));
      if (ids.length > 0) await index(engine, client, await byIds(client, [...new Set(ids)]));
      for (const event of events) if (event.type === 'message.imported') await indexImported(engine, client, event);
    },
  };
}

async function indexImported(engine: SearchEngine, client: ClientBase, { payload }: OutboxEvent): Promise<void> {
  const last = Number(payload['toSeq']);
  for (let from = Number(payload['fromSeq']); from <= last; from += 2_000) {
    const { rows } = await client.query<Row>(`${columns} where m.conversation_id = $1 and m.seq between $2 and $3`, [
      payload['conversationId'],
      from,
      Math.min(from + 1_999, last),
    ]);
    await index(engine, client, rows);
  }
}

const columns = `select m.id, m.conversation_id as "conversationId", m.rev, (extract(epoch from m.created_at) * 1000000)::bigint::text as at, m.body, m.recalled_at is not null as recalled from messages m`;

async function byIds(client: ClientBase, ids: string[]): Promise<Row[]> {
  return (await client.query<Row>(`${columns} where m.id = any ($1)`, [ids])).rows;
}

async function index(engine: SearchEngine, client: ClientBase, rows: Row[]): Promise<void> {
  const kept = rows.filter((row) => !row.recalled);
  const entries = kept.map(({ id, conversationId, rev, at, body }) => ({
    messageId: id,
    conversationId,
    rev,
    at,
    tokens: tokensOf(plainOf(body)),
  }));
  await engine.write(
    client,
    entries,
    rows.filter((row) => row.recalled).map((row) => row.id),
  );
}
