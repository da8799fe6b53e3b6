import type { ClientBase } from 'pg';
import type { Database } from '../kernel/database.ts';
import { beginsWord } from './tokens.ts';

/*
 * The words that stand in the index: what is typed so far is answered with the messages that hold one of those it
 * begins.
 */

/** Words beyond which a beginning says too little: the question is then answered with that very word. */
const mostWords = 4_000;
const mostKnown = 200_000;
/**
 * Words a connection knows to be stored, so that indexing does not ask about each again. A watcher that is rolled back
 * loses its connection, and with it what it knew.
 */
const known = new WeakMap<ClientBase, Set<string>>();

/** How many words begin so; null when they are too many to be asked for, or this is no more than a letter. */
export async function wordsBeginning(db: Database, beginning: string): Promise<number | null> {
  if (beginning.length < 2) return null;
  const [row] = await db.rows<{ count: number }>(
    `select count(*)::int as count from (select from search_words where word >= $1 and word < $1 || chr(1114111) limit ${mostWords + 1}) w`,
    [beginning],
    'search words',
  );
  return row!.count > mostWords ? null : row!.count;
}

/** Those words, as SQL of a text array; `beginning` is a parameter's place. */
export const wordsOf = (beginning: string): string =>
  `(select array_agg(word::text) from search_words where word >= ${beginning} and word < ${beginning} || chr(1114111))`;

/** Adds what is new of these tokens. */
export async function addWords(client: ClientBase, tokens: Iterable<string>): Promise<void> {
  const stored = known.get(client) ?? new Set<string>();
  known.set(client, stored);
  const fresh = new Set<string>();
  for (const token of tokens) if (beginsWord(token) && !stored.has(token)) fresh.add(token);
  if (fresh.size === 0) return;
  await client.query('insert into search_words (word) select unnest($1::text[]) on conflict do nothing', [
    [...fresh].sort(),
  ]);
  if (stored.size > mostKnown) stored.clear();
  for (const word of fresh) stored.add(word);
}

/** Tokens these messages have in the index now. */
export async function tokensBefore(client: ClientBase, messageIds: readonly string[]): Promise<string[]> {
  if (messageIds.length === 0) return [];
  const { rows } = await client.query<{ token: string }>(
    'select distinct t as token from search_entries e, unnest(e.tokens) t where e.message_id = any ($1)',
    [messageIds],
  );
  return rows.map(({ token }) => token);
}

/** Forgets those of these tokens that stand in no message any more: a word that was recalled must not stay behind. */
export async function forgetWords(client: ClientBase, tokens: readonly string[]): Promise<void> {
  const words = tokens.filter(beginsWord);
  if (words.length === 0) return;
  const { rows } = await client.query<{ word: string }>(
    // The most frequent words stand in many messages, and looking for one of them costs milliseconds.
    `delete from search_words w where w.word = any ($1::text[])
       and w.word <> all (coalesce((select most_common_elems::text::text[] from pg_stats
         where schemaname = current_schema() and tablename = 'search_entries' and attname = 'tokens'), '{}'))
       and not exists (select from search_entries e where e.tokens @> array[w.word::text])
     returning w.word`,
    [words],
  );
  for (const { word } of rows) known.get(client)?.delete(word);
}
