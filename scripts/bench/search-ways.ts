import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { inWork } from '../../server/kernel/work.ts';
import { searchEngine } from '../../server/search/engine.ts';
import { postgresIndex } from '../../server/search/postgres-index.ts';
import { search } from '../../server/search/search.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse, measured } from './house.ts';

/*
 * In a process of its own: the newest twenty messages a reader may read that hold a text, by the verb or by a scan of the reader's conversations.
 * Answers what each query took, this process's CPU, and what was found.
 */

const [way, url, readerId] = process.argv.slice(2) as ['verb' | 'scan', string, string];
const db = openDatabase(url, createLog('silent'), { poolSize: 4 });
const house = benchHouse(db);
house.parts.install(searchEngine, postgresIndex);
const reader = benchActor(readerId, 'conversations.read');
const limit = 20;

async function byVerb(query: string): Promise<string[]> {
  const { hits } = await inWork(house, reader, (work) =>
    search(work, { query, limit, variants: false, prefix: false }),
  );
  return hits.map(({ message }) => message.id);
}

async function byScan(query: string): Promise<string[]> {
  const rows = await db.rows<{ message: { id: string } }>(
    `select message_json(m) as message, c.name from members r join conversations c on c.id = r.conversation_id join messages m on m.conversation_id = c.id
     where r.user_id = $1 and r.left_at is null and m.recalled_at is null and m.body like $2 order by m.created_at desc, m.id desc limit ${limit}`,
    [readerId, `%${query}%`],
  );
  return rows.map(({ message }) => message.id);
}

async function ask({ queries }: { queries: string[] }): Promise<object> {
  const took: number[] = [];
  const found: string[][] = [];
  const { cpu } = await measured(async () => {
    for (const query of queries) {
      const began = performance.now();
      found.push(await (way === 'verb' ? byVerb : byScan)(query));
      took.push(performance.now() - began);
    }
  });
  return { took, cpu, found };
}

answering((asked: never) => ask(asked));
