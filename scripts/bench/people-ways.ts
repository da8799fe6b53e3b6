import * as z from 'zod/mini';
import { cursorKey } from '../../server/kernel/cursors.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { newId } from '../../server/kernel/ids.ts';
import { inWork } from '../../server/kernel/work.ts';
import { DirectoryPage, page } from '../../server/users/directory.ts';
import { search } from '../../server/users/people-search.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse, measured } from './house.ts';

/*
 * In a process of its own: pages of the people list, by the verb behind the console's list or by OFFSET with a count beside it; and the search while a name is typed. Answers what each
 * took, this process's CPU, and who stood on the pages.
 */

const [way, url] = process.argv.slice(2) as ['verb' | 'verb with total' | 'offset', string];
const db = openDatabase(url, createLog('silent'), { poolSize: 4 });
const house = benchHouse(db);
house.parts.install(cursorKey, Buffer.alloc(32, 7));
const reader = benchActor(newId(), 'users.read', 'people.read', 'conversations.read');
const first = 50;

const total = way === 'verb with total';
const list = (after: string | undefined, query: string) =>
  inWork(house, reader, (work) =>
    page(work, z.parse(DirectoryPage, { first, query, ...(after === undefined ? {} : { after }) })),
  );

/** The cursor before each page, found by walking through the whole list once; it must show everybody once. */
const cursors: (string | undefined)[] = [];
async function walk(): Promise<object> {
  const seen = new Set<string>();
  let rows = 0;
  let after: string | undefined;
  for (let more = true; more;) {
    cursors.push(after);
    const listing = await list(after, '');
    for (const { node } of listing.edges) seen.add(node.id);
    rows += listing.edges.length;
    after = listing.edges.at(-1)?.cursor;
    more = listing.more;
  }
  return { rows, people: seen.size };
}

type Page = { ids: string[]; total?: number };

async function byVerb(n: number, query: string): Promise<Page> {
  const listing = await list(query ? undefined : cursors[n], query);
  return {
    ids: listing.edges.map(({ node }) => node.id),
    ...(total ? { total: await listing.total!() } : {}),
  };
}

async function byOffset(n: number, query: string): Promise<Page> {
  // The numbers asked for are words of names, behind a space.
  const where = query ? 'where u.name ilike $1' : '';
  const params = query ? [`% ${query}%`] : [];
  const rows = await db.rows<{ id: string }>(
    `select u.* from users u ${where} order by lower(u.name), u.id limit ${first} offset ${query ? 0 : n * first}`,
    params,
  );
  const [counted] = await db.rows<{ count: number }>(`select count(*)::int as count from users u ${where}`, params);
  return { ids: rows.map((row) => row.id), total: counted!.count };
}

async function typedByVerb(query: string): Promise<Page> {
  const found = await inWork(house, reader, (work) => search(work, { query, limit: 20 }));
  return { ids: found.map(({ id }) => id) };
}

async function typedByPattern(query: string): Promise<Page> {
  const rows = await db.rows<{ id: string }>(
    `select u.id from users u where u.name ilike '%' || $1 || '%' or u.email ilike $1 || '%'
     order by u.name not ilike $1 || '%', lower(u.name), u.id limit 20`,
    [query],
  );
  return { ids: rows.map(({ id }) => id) };
}

type Asked = { walk: true } | { pages: number[]; queries: string[]; isSearch?: boolean };

async function ask(asked: Asked): Promise<object> {
  if ('walk' in asked) return walk();
  const byWay = asked.isSearch
    ? (_: number, query: string) => (way === 'offset' ? typedByPattern : typedByVerb)(query)
    : way === 'offset'
      ? byOffset
      : byVerb;
  const shown: Page[] = [];
  const took: number[] = [];
  const { cpu } = await measured(async () => {
    for (const [i, n] of asked.pages.entries()) {
      const began = performance.now();
      shown.push(await byWay(n, asked.queries[i] ?? ''));
      took.push(performance.now() - began);
    }
  });
  return { took, cpu, ids: shown.map(({ ids }) => ids), totals: shown.map((one) => one.total ?? null) };
}

answering((asked: never) => ask(asked as Asked));
