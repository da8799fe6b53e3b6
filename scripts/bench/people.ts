import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { writeAllKeys } from '../../server/users/people-keys.ts';
import { startChild, type Child } from './children.ts';
import { benchHouse } from './house.ts';
import { quantile, ratioOf, type Benchmark, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const people = 100_000;
const perPage = 50;
const pagesARound = 40;
const ways = {
  verb: 'Parley’s list',
  'verb with total': 'Parley’s list with its total',
  offset: 'OFFSET and count',
} as const;
const asks = {
  anywhere: 'a page anywhere',
  named: 'first page of a name',
  typed: 'twenty people while a name is typed',
} as const;
/** What is typed, letter by letter: given and family names, Chinese ones by pinyin and initials, an address. */
const typed = ['hugo kow', 'fischer', 'wangwei', 'cj', '李芳', 'person4711', 'ada berg'].flatMap((name) =>
  Array.from({ length: name.length }, (_, at) => name.slice(0, at + 1)),
);
/** A search has no total. */
const searchWays: Partial<Record<keyof typeof ways, string>> = { verb: 'Parley’s search', offset: 'ILIKE' };
const namesOf = (ask: keyof typeof asks) => (ask === 'typed' ? searchWays : ways);
const nameOf = (ask: keyof typeof asks, way: keyof typeof ways) => `${asks[ask]}, ${namesOf(ask)[way]}`;

type Told = { took: number[]; cpu: number; ids: string[][]; totals: (number | null)[] };

/** What a page of the people list takes, wherever in it one is. */
export const peopleList: Benchmark = {
  name: 'people',
  async run(rounds, share) {
    const count = Math.max(5_000, Math.ceil(people * share));
    const store = await openStore();
    try {
      await store.prepare((url) => fill(url, count));
      const rows: Row[] = (Object.keys(asks) as (keyof typeof asks)[]).flatMap((ask) =>
        waysOf(ask).map((way) => ({
          name: nameOf(ask, way),
          cost: [],
          also: { 'Node.js µs': [], 'PostgreSQL µs': [], 'p50 ms': [], 'p95 ms': [], 'p99 ms': [] },
        })),
      );
      await store.onCopy((url) => compare(store, url, count, rounds, rows));
      return {
        name: 'people',
        how:
          `Pages of ${perPage} of ${count.toLocaleString('en')} people by name, ${pagesARound} a round, one after another: anywhere in the list, and the first page of those with a word that begins as asked. ` +
          'Parley’s are asked from the verb behind the console’s list, with permission, cursor and act; its total is counted only when it is asked for. The naive way counts each time, as page numbers need. ' +
          `While a name is typed, ${typed.length} beginnings of names in two scripts, of pinyin and of an address are asked from the verb behind the chat’s search, and naively with ILIKE over names and addresses, which finds no pinyin. ` +
          'A walk through the whole list that does not show everybody once, or a page with other people than OFFSET shows, fails the run.',
        unit: 'µs CPU a page',
        rows,
        ratios: [
          p50('anywhere', 'verb', 10),
          p50('anywhere', 'verb with total', 1.5),
          p50('named', 'verb', 5),
          p50('typed', 'verb', 5),
        ].map((of) => ratioOf(rows, of)),
      };
    } finally {
      await store.close();
    }
  },
};

const waysOf = (ask: keyof typeof asks) => Object.keys(namesOf(ask)) as (keyof typeof ways)[];

const p50 = (ask: keyof typeof asks, way: keyof typeof ways, target: number) => ({
  says: `${nameOf(ask, way)}: times faster than ${namesOf(ask).offset} (p50)`,
  over: nameOf(ask, 'offset'),
  under: nameOf(ask, way),
  also: 'p50 ms',
  target,
  atLeast: true,
});

async function compare(store: Store, url: string, count: number, rounds: number, rows: Row[]): Promise<void> {
  const children = new Map<keyof typeof ways, Child>();
  try {
    for (const way of Object.keys(ways) as (keyof typeof ways)[]) {
      const child = await startChild('people-ways.ts', [way, url], ['--max-semi-space-size=8']);
      children.set(way, child);
      if (way === 'offset') continue;
      const walked = await child.ask<{ rows: number; people: number }>({ walk: true });
      if (walked.rows !== count || walked.people !== count)
        throw new Error(
          `${count} people, and a walk through the list shows ${walked.rows}, ${walked.people} different`,
        );
    }
    for (let round = 0; round < rounds; round++)
      for (const ask of Object.keys(asks) as (keyof typeof asks)[]) {
        const question = questionOf(ask, round, count);
        const shown = new Map<string, Told>();
        for (const way of waysOf(ask)) {
          const row = rows.find(({ name }) => name === nameOf(ask, way))!;
          shown.set(way, await measure(store, children.get(way)!, question, row));
        }
        // The naive way knows neither pinyin nor what fits best.
        if (ask === 'typed') continue;
        const wanted = shown.get('offset')!;
        for (const way of ['verb', 'verb with total'])
          if (JSON.stringify(shown.get(way)!.ids) !== JSON.stringify(wanted.ids))
            throw new Error(`${way} shows other people than OFFSET on a page`);
        if (JSON.stringify(shown.get('verb with total')!.totals) !== JSON.stringify(wanted.totals))
          throw new Error('the totals differ');
      }
  } finally {
    for (const child of children.values()) await child.stop();
  }
}

type Question = { pages: number[]; queries: string[]; isSearch?: boolean };

/** Pages all over the list, or beginnings of words that few names have. */
function questionOf(ask: keyof typeof asks, round: number, count: number): Question {
  if (ask === 'typed') return { pages: typed.map(() => 0), queries: typed, isSearch: true };
  const numbers = Array.from({ length: pagesARound }, (_, i) => (round * pagesARound + i) * 7_919);
  const pages = Math.floor(count / perPage);
  return ask === 'anywhere'
    ? { pages: numbers.map((n) => n % pages), queries: [] }
    : { pages: numbers.map(() => 0), queries: numbers.map((n) => String(1_000 + (n % (count - 1_000)))) };
}

async function measure(store: Store, child: Child, question: Question, { cost, also }: Row): Promise<Told> {
  const before = await store.cpu();
  const told = await child.ask<Told>(question);
  const after = await store.cpu();
  const asked = question.pages.length;
  const node = (told.cpu * 1e6) / asked;
  const postgres = before === null || after === null ? 0 : ((after - before) * 1e6) / asked;
  cost.push(node + postgres);
  also!['Node.js µs']!.push(node);
  also!['PostgreSQL µs']!.push(postgres);
  also!['p50 ms']!.push(quantile(told.took, 0.5));
  also!['p95 ms']!.push(quantile(told.took, 0.95));
  also!['p99 ms']!.push(quantile(told.took, 0.99));
  return told;
}

/** Names as a company has them: few given names, more family names, two scripts, and a number so that some are nearly alike. */
async function fill(url: string, count: number): Promise<void> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 1, statementTimeout: 0 });
  await db.rows(
    `insert into users (id, kind, name, email, title, created_at, last_seen_at)
     select uuidv7(), 'person',
       case n % 4 when 0 then (array['王', '李', '张', '刘', '陈'])[1 + n % 5] || (array['伟', '芳', '娜', '敏', '静', '磊', '洋'])[1 + n % 7] || ' ' || n
         else (array['Ada', 'Ben', 'Chen', 'Dara', 'Eva', 'Finn', 'Gita', 'Hugo'])[1 + n % 8] || ' ' || (array['Abara', 'Berg', 'Costa', 'Diaz', 'Evans', 'Fischer', 'Garcia', 'Haddad', 'Ito', 'Jansen', 'Kowalski'])[1 + n % 11] || ' ' || n end,
       'person' || n || '@example.com', 'Pilot', now() - make_interval(mins => n), now() - make_interval(secs => n)
     from generate_series(1, $1::int) n order by md5(n::text)`,
    [count],
  );
  await writeAllKeys(benchHouse(db));
  await db.rows('vacuum analyze users');
  await db.rows('vacuum analyze person_keys');
  await db.close();
}
