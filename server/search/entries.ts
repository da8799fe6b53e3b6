import type { ClientBase } from 'pg';
import type { SearchEngine } from './engine.ts';
import { tokensOf } from './tokens.ts';

/** A message as it is read to be indexed. `at`: when it was said, in microseconds. */
export type Row = { id: string; conversationId: string; rev: number; at: string; body: string; recalled: boolean };

const columns = `select m.id, m.conversation_id as "conversationId", m.rev, (extract(epoch from m.created_at) * 1000000)::bigint::text as at, m.body, m.recalled_at is not null as recalled from messages m`;

/** Messages to be indexed; `condition` is about `m`. */
export async function readMessages(client: ClientBase, condition: string, params: unknown[]): Promise<Row[]> {
  return (await client.query<Row>(`${columns} where ${condition}`, params)).rows;
}

/** Writes these messages as they are; `changed`: those that were in the index with other words. */
export async function indexMessages(
  engine: SearchEngine,
  client: ClientBase,
  rows: readonly Row[],
  changed: string[] = [],
): Promise<void> {
  const entries = rows
    .filter(({ recalled }) => !recalled)
    .map(({ id, conversationId, rev, at, body }) => ({
      messageId: id,
      conversationId,
      rev,
      at,
      tokens: tokensOf(body),
    }));
  await engine.write(client, { entries, gone: rows.filter(({ recalled }) => recalled).map(({ id }) => id), changed });
}
