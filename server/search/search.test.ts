import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallInput } from '@parley/protocol/catalogue.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import { newId } from '../kernel/ids.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { marksIn, phrasesOf } from './literal.ts';
import { tokensOf, tokensOfPhrase } from './tokens.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;
let eve: TestClient;
let room: Summary;

beforeAll(async () => {
  world = await openWorld();
  [ada, ben, eve] = (await Promise.all(['Ada', 'Ben', 'Eve'].map((name) => world.device(name)))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  room = await ada.group('Planning', [ben]);
});
afterAll(() => world.close());

const find = async (who: TestClient, query: string, more: Partial<CallInput<'message:search'>> = {}) =>
  (await who.call('message:search', { query, ...more })).hits.map((hit) => hit.message.body);
/** Everything said so far has been indexed. */
const indexed = () =>
  until(
    async () =>
      (
        await world.db.rows(
          `select from outbox o join outbox_cursors c on c.watcher = 'search' where (o.tx, o.id) > (c.tx, c.id) limit 1`,
        )
      ).length === 0,
    'the index to follow',
  );

test.each([
  ['The launch is on Friday', 'launch', true],
  ['The launch is on Friday', 'LAUNCH friday', true],
  ['The launch is on Friday', '"launch is"', true],
  ['The launch is on Friday', '"is launch"', false],
  ['The launch is on Friday', 'lau', false],
  ['start the engine', 'art', false],
  ['企业即时通讯平台', '即时', true],
  ['企业即时通讯平台', '业即时通', true],
  ['企业即时通讯平台', '讯', true],
  ['企业即时通讯平台', '即讯', false],
  ['我们用C++写', 'c++', true],
  ['c++11 is old', 'c++', true],
  ['built with ASP.NET Core', '".net core"', true],
  ['concatenate', 'cat', false],
  ['C++ is fine', 'c++', true],
  ['done 🎉🎉', '🎉', true],
  ['🎉great', '🎉', true],
  ['ＡＢＣ１２３', 'abc123', true],
  ['git reset --hard HEAD~1', '"git reset --hard"', true],
  ['two   blanks\nand a line', '"two blanks and a line"', true],
  ['naïve', 'naïve', true],
  ['السلام عليكم', 'عليكم', true],
])('in %j, %j is found: %j', (body, query, wanted) => {
  const phrases = phrasesOf(query);
  expect(marksIn(body, phrases) !== null).toBe(wanted);
});

test('whatever the literal check would accept, the tokens propose', () => {
  const sign = fc.constantFrom(...'ab1 企业即+#🎉é．Ａ-_"');
  fc.assert(
    fc.property(
      fc.array(sign, { maxLength: 30 }),
      fc.nat(30),
      fc.integer({ min: 1, max: 8 }),
      (signs, start, length) => {
        const query = signs
          .slice(start, start + length)
          .join('')
          .replaceAll('"', '')
          .trim();
        const body = signs.join('');
        const phrases = phrasesOf(`"${query}"`);
        if (phrases.length === 0 || marksIn(body, phrases) === null) return;
        const tokens = new Set(tokensOf(body));
        for (const token of phrases.flatMap(({ indexed }) => tokensOfPhrase(indexed).tokens))
          expect([...tokens], `${JSON.stringify(query)} in ${JSON.stringify(body)}`).toContain(token);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('marks point at the words in the original text, whatever folding did to its length', () => {
  const body = 'ＡＢＣ ﬁnal 企业即时';
  for (const [query, marked] of [
    ['abc', 'ＡＢＣ'],
    ['final', 'ﬁnal'],
    ['业即', '业即'],
  ] as const) {
    const [[start, end]] = marksIn(body, phrasesOf(query)) as [[number, number]];
    expect(body.slice(start, end)).toBe(marked);
  }
});

test('what was just said is found, newest first, a page at a time', async () => {
  for (let i = 1; i <= 7; i++) await ada.says(`harbour report ${i}`, { in: room });
  await indexed();
  expect(await find(ben, 'harbour report')).toEqual([7, 6, 5, 4, 3, 2, 1].map((i) => `harbour report ${i}`));
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await ben.call('message:search', { query: 'harbour', limit: 3, ...(cursor ? { cursor } : {}) });
    pages.push(page.hits.map((hit) => hit.message.body));
    cursor = page.next ?? undefined;
  } while (cursor);
  expect(pages.flat()).toEqual([7, 6, 5, 4, 3, 2, 1].map((i) => `harbour report ${i}`));
});

describe('nobody finds what they may not read', () => {
  test('an outsider finds nothing of a private conversation, and the same nothing as in a world without it', async () => {
    await ada.says('the acquisition codename is bluefin', { in: room });
    await indexed();
    expect(await find(ben, 'bluefin')).toHaveLength(1);
    expect(await eve.call('message:search', { query: 'bluefin' })).toEqual(
      await eve.call('message:search', { query: 'nobodysaidthis' }),
    );
    expect(await find(eve, 'bluefin', { conversationId: room.conversation.id })).toEqual([]);
  });

  test('who leaves stops finding at once, and who joins finds at once, with the index unmoved', async () => {
    const dora = await world.device('Dora');
    await ada.call('member:add', { conversationId: room.conversation.id, userIds: [dora.userId] });
    expect(await find(dora, 'bluefin')).toHaveLength(1);
    await ada.call('member:remove', { conversationId: room.conversation.id, userId: dora.userId });
    expect(await find(dora, 'bluefin')).toEqual([]);
  });

  test('an index that lies shows nothing: neither a stale word nor a recalled message', async () => {
    const sent = await ada.says('the password is swordfish', { in: room });
    await indexed();
    await world.db.rows(`create or replace rule frozen as on update to search_entries do instead nothing`);
    await ada.call('message:edit', { conversationId: room.conversation.id, messageId: sent.id, body: 'never mind' });
    expect(await find(ben, 'swordfish')).toEqual([]);
    await world.db.rows('drop rule frozen on search_entries');
    await world.db.rows(`create or replace rule kept as on delete to search_entries do instead nothing`);
    const other = await ada.says('recall me marlin', { in: room });
    await indexed();
    await ada.call('message:recall', { conversationId: room.conversation.id, messageId: other.id });
    await indexed();
    expect(await find(ben, 'marlin')).toEqual([]);
    await world.db.rows('drop rule kept on search_entries');
  });
});

test('an edit is found by its new words and no longer by its old ones', async () => {
  const sent = await ada.says('meet at the lighthouse', { in: room });
  await ada.call('message:edit', {
    conversationId: room.conversation.id,
    messageId: sent.id,
    body: 'meet at the boathouse',
  });
  await indexed();
  expect(await find(ben, 'boathouse')).toEqual(['meet at the boathouse']);
  expect(await find(ben, 'lighthouse')).toEqual([]);
});

test('filters narrow: by sender, place and time', async () => {
  const elsewhere = await ada.group('Elsewhere', [ben]);
  await ben.says('gantry crane', { in: room });
  const { at } = await ada.says('gantry crane', { in: elsewhere });
  await indexed();
  expect(await find(ada, 'gantry')).toHaveLength(2);
  expect(await find(ada, 'gantry', { senderId: ben.userId })).toHaveLength(1);
  expect(await find(ada, 'gantry', { conversationId: elsewhere.conversation.id })).toHaveLength(1);
  expect(await find(ada, 'gantry', { before: at })).toHaveLength(1);
  expect(await find(ada, 'gantry', { after: at })).toHaveLength(1);
  expect(await find(ada, 'gantry', { bot: true })).toEqual([]);
});

test('nonsense is refused with a sentence', async () => {
  expect(await ada.tries('message:search', { query: '""' })).toBe('malformed');
  expect(await ada.tries('message:search', { query: 'x'.repeat(401) })).toBe('malformed');
  expect(await ada.tries('message:search', { query: 'x', cursor: `1.${newId()}x` })).toBe('malformed');
  expect(
    await ada.tries('message:search', {
      query: Array.from({ length: 150 }, (_, i) => String.fromCodePoint(0x4e00 + i * 2)).join(' '),
    }),
  ).toBe('ok');
});
