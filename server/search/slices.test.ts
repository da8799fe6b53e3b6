import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { MessageSearch } from '@parley/protocol/search.ts';
import { system } from '../kernel/actor.ts';
import { newId } from '../kernel/ids.ts';
import { Parts } from '../kernel/parts.ts';
import { inWork } from '../kernel/work.ts';
import type { TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { searchEngine, type Candidate, type SearchEngine } from './engine.ts';
import { postgresIndex } from './postgres-index.ts';
import { search } from './search.ts';
import { exact, loose } from './folding.ts';

let world: World;
let ada: TestClient;
beforeAll(async () => {
  world = await openWorld();
  ada = await world.device('Ada');
});
afterAll(() => world.close());

/** A body that has both words and never the phrase, and is slow to fold. */
const slow = '👋 lorem and then ipsum '.repeat(850).slice(0, 19_999);

/** An index that answers at once, so that every turn of the event loop is one the literal check gave. */
function holding(candidates: number, body = slow): SearchEngine & { asked: number[] } {
  const all: Candidate[] = Array.from({ length: candidates }, (_, i) => ({
    id: newId(),
    at: String(1_000_000 - i),
    body,
    whole: null,
  }));
  const asked: number[] = [];
  return {
    ...postgresIndex,
    asked,
    async candidates(_db, { below, limit }) {
      asked.push(limit);
      return all.filter((one) => below === null || Number(one.at) < Number(below.at)).slice(0, limit);
    },
  };
}

const ask = (engine: SearchEngine, input: Partial<MessageSearch>) => {
  const parts = new Parts();
  parts.install(searchEngine, engine);
  const actor = { ...system('a test'), kind: 'person' as const, id: ada.userId };
  return inWork({ ...world.app.house, parts }, actor, (work) =>
    search(work, { query: '"ipsum lorem"', limit: 20, ...input } as MessageSearch),
  );
};

test('a phrase that never matches gives other work its turns', async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 1);
  const { hits, next } = await ask(holding(190), {});
  clearInterval(count);
  expect({ hits, next }).toEqual({ hits: [], next: null });
  // Without rests between its slices not one timer would fire.
  expect(turns).toBeGreaterThan(10);
});

test('a search that only waits for the index is not rested from as if it had worked', async () => {
  const answers = holding(3, 'lorem and then ipsum');
  let later = 0;
  const clock = performance.now.bind(performance);
  const now = vi.spyOn(performance, 'now').mockImplementation(() => clock() + later);
  onTestFinished(() => now.mockRestore());
  const late: SearchEngine = {
    ...answers,
    async candidates(...asked) {
      const found = await answers.candidates(...asked);
      later += 5_000;
      return found;
    },
  };
  // A rest as from work goes far beyond the time this test has.
  expect(await ask(late, {})).toEqual({ hits: [], next: null });
}, 20_000);

test('a search that looks at too much stops and says where to go on', async () => {
  const engine = holding(500);
  const pages: (string | null)[] = [];
  let cursor: string | undefined;
  do {
    const { hits, next } = await ask(engine, { ...(cursor ? { cursor } : {}) });
    expect(hits).toEqual([]);
    pages.push(next);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  // 500 bodies of 20,000 characters are ten million characters: 4 million a page.
  expect(pages).toEqual([expect.any(String), expect.any(String), null]);
  // After the first look the bodies are known to be long, and few are read at once.
  expect(Math.max(...engine.asked)).toBeLessThan(30);
}, 60_000);

test('text is folded alike with and without its places', () => {
  const signs = [
    'a',
    'É',
    'e\u0301',
    '\u0301',
    'ﬁ',
    '👋',
    '👋🏽',
    '\ud83d',
    '한',
    '\u1112\u1161',
    'Σ',
    'İ',
    '\u3000',
    'Ａ',
    '\ufe0f',
    '\u200d',
    '\uff76\uff9e',
    '\u1161',
    '\u20e3',
    'ß',
    '發',
  ];
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...signs), { maxLength: 30 }).map((some) => some.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => [exact, loose].every((folding) => folding.plain(text) === folding.placed(text).plain)),
    { numRuns: 5_000 },
  );
});
