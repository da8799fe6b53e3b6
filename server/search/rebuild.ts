import type { ClientBase } from 'pg';
import type { Logger } from '../kernel/log.ts';
import { inTransaction } from '../kernel/transaction.ts';
import type { SearchEngine } from './engine.ts';
import { indexMessages, readMessages } from './entries.ts';

/*
 * Making the index anew when text is folded otherwise than when it was made: from the newest message to the oldest,
 * while nothing else waits to be indexed. Until it is done, older messages are found as they were before.
 */

/** To be raised whenever `folding.ts` or `tokens.ts` make other tokens of a text. */
export const form = 2;

const batch = 500;
/** Milliseconds after which what was said meanwhile is looked at first. */
const slice = 1_000;

/**
 * Makes some of the index anew, if it has to be, and answers whether nothing of it is left to do. Where it stands is
 * kept: after a restart it goes on.
 */
export async function rebuildSome(engine: SearchEngine, client: ClientBase, log: Logger): Promise<boolean> {
  const state = await stateOf(client);
  if (state === null) return true;
  if (state.isNew) log.info({ form }, 'text is folded otherwise than before: the search index is being made anew');
  let { below } = state;
  const began = performance.now();
  while (performance.now() - began < slice) {
    const rows = await readMessages(client, 'm.id < $1 order by m.id desc limit $2', [below, batch]);
    below = rows.at(-1)?.id ?? null;
    await inTransaction(client, async () => {
      await indexMessages(engine, client, rows);
      await client.query('update search_form set below = $1', [below]);
    });
    if (below !== null) continue;
    log.info({ form }, 'the search index is new');
    return true;
  }
  return false;
}

/** Above every id. */
const newest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Where making the index anew stands; null when it is new. */
async function stateOf(client: ClientBase): Promise<{ below: string | null; isNew: boolean } | null> {
  const { rows } = await client.query<{ form: number; below: string | null }>('select form, below from search_form');
  const { form: made, below } = rows[0]!;
  if (made === form) return below === null ? null : { below, isNew: false };
  const entries = await client.query('select from search_entries limit 1');
  await client.query('update search_form set form = $1, below = $2', [form, newest]);
  return { below: newest, isNew: entries.rowCount !== 0 };
}
