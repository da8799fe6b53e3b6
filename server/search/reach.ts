import type { Database } from '../kernel/database.ts';
import type { Ask } from './engine.ts';
import { Question } from './postgres-question.ts';

/*
 * How far a reader reaches, for choosing a way of looking. Asked once a minute a reader: who joins or leaves meanwhile is heeded by the statement
 * that finds, and this costs them time at most.
 */

/** In how many conversations a question looks, which hold about so many messages. */
export type Reach = { rooms: number; messages: number };

const staleAfter = 60_000;
const mostKept = 5_000;
const known = new WeakMap<Database, Map<string, { at: number; reach: Reach }>>();

export async function reachOf(db: Database, ask: Ask): Promise<Reach> {
  const kept = known.get(db) ?? new Map<string, { at: number; reach: Reach }>();
  known.set(db, kept);
  const key = `${ask.readerId} ${ask.mayBrowse} ${ask.conversationId ?? ''}`;
  const held = kept.get(key);
  if (held && performance.now() - held.at < staleAfter) return held.reach;
  const question = new Question(ask);
  const [reach] = await db.rows<Reach>(
    `select count(*)::int as rooms, coalesce(sum(c.last_seq), 0)::float8 as messages from (${question.readable()}) r join conversations c using (id)`,
    question.params,
    'search reach',
  );
  if (kept.size >= mostKept) kept.clear();
  kept.set(key, { at: performance.now(), reach: reach! });
  return reach!;
}
