import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallInput } from '@parley/protocol/catalogue.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { always, exact, onRequest } from './folding.ts';
import { marksIn, phrasesOf } from './literal.ts';
import { tokensOf } from './tokens.ts';

let world: World;
let ada: TestClient;
let room: Summary;

/** What was written, what is asked for, and whether it is found; each stands for a kind of writing. */
const asked: [written: string, query: string, found: boolean][] = [
  // Emoji with a variation selector, and keycaps.
  ['⚠️Warning: rollout stops', 'warning', true],
  ['⚠️Attention please', '⚠️', true],
  ['thanks❤️so much', 'so', true],
  ['I ❤ tea', '❤️', true],
  ['1️⃣first step', 'first', true],
  ['1️⃣first step', '1️⃣', true],
  ['©️Corp holds it', 'corp', true],
  ['the family 👨‍👩‍👧 comes', '👨‍👩‍👧', true],
  ['well done 👍🏽', '👍🏽', true],
  ['well done 👍', '👍🏽', false],
  ['🏴󠁧󠁢󠁥󠁮󠁧󠁿 plays', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', false],
  // An end that is a sign needs nothing beside it; one that is a letter or digit does.
  ['c++11 is old', 'c++', true],
  ['built with ASP.NET Core', '".net core"', true],
  ['built with ASP.NET Cores', '".net core"', false],
  ['C#8 came out', 'c#', true],
  ['we concatenate', 'cat', false],
  ['version 12.5', '2.5', false],
  ['see #4711 there', '#471', false],
  ['see #4711 there', '#4711', true],
  ['open $HOME/bin', '$home', true],
  // Scripts without blanks.
  ['วันนี้ประชุมทีมขาย', 'ประชุม', true],
  ['วันนี้ประชุมทีมขาย', 'ทีม', true],
  ['ที่นี่', 'ที', false],
  ['ພາສາລາວ', 'ລາວ', true],
  ['ភាសាខ្មែរ', 'ខ្មែរ', true],
  ['မြန်မာဘာသာ', 'ဘာသာ', true],
  // Letters of Hangul by themselves, as people laugh and cry.
  ['그건 좀 ㅠㅠ', 'ㅠㅠ', true],
  ['ㅋㅋㅋ 좋아', 'ㅋㅋㅋ', true],
  // A sign that becomes several letters.
  ['株式会社は㍿とも書く', '㍿', true],
  ['いろは㍿', '株式', true],
  // What is not alike.
  ['the resume', 'résumé', false],
  ['会议纪要', '會議紀要', false],
  ['dont do it', "don't", false],
];

const conversations = () => room.conversation.id;
const holds = async (query: string, id: string, more: Partial<CallInput<'message:search'>> = {}) =>
  (await ada.call('message:search', { query, conversationId: conversations(), limit: 100, ...more })).hits.some(
    ({ message }) => message.id === id,
  );
const ids = new Map<string, string>();

beforeAll(async () => {
  world = await openWorld();
  ada = await world.device('Ada');
  room = await ada.group('Writing', [await world.device('Ben')]);
  const written = [...always, ...onRequest].flatMap(({ examples }) => examples.map(([body]) => body));
  for (const body of new Set([...written, ...asked.map(([one]) => one)]))
    ids.set(body, (await ada.says(body, { in: room })).id);
  await until(
    async () =>
      (await world.db.rows<{ count: number }>('select count(*)::int as count from search_entries'))[0]!.count ===
      ids.size,
    'the index to follow',
  );
});
afterAll(() => world.close());

describe.each([
  ['always', always, false],
  ['when variants are asked for', onRequest, true],
] as const)('alike %s', (_, rules, variants) => {
  test.each(rules.flatMap(({ name, examples }) => examples.map((example) => [name, ...example] as const)))(
    '%s: %j is found by %j',
    async (_name, body, query) => {
      expect(await holds(query, ids.get(body)!, { variants })).toBe(true);
      // In quotes, whatever stands in the query is one phrase.
      expect(await holds(`"${query.replaceAll('"', '')}"`, ids.get(body)!, { variants })).toBe(true);
    },
  );
});

test.each(onRequest.flatMap(({ examples }) => examples))(
  '%j is not found by %j unless asked for',
  async (body, query) => {
    expect(await holds(query, ids.get(body)!)).toBe(false);
  },
);

test.each(asked)('in %j, %j is found: %j', async (body, query, found) => {
  expect(await holds(query, ids.get(body)!)).toBe(found);
});

test('marks cover whole signs, whatever these became, and what is drawn as nothing', () => {
  const marked = (body: string, query: string, variants = false) =>
    marksIn(body, phrasesOf(query, { variants, prefix: false }), variants)?.map(([start, end]) =>
      body.slice(start, end),
    );
  expect(marked('いろは㍿です', '式会')).toEqual(['㍿']);
  expect(marked('1️⃣first', '1')).toEqual(['1️⃣']);
  expect(marked('co\u00adoperate now', 'cooperate')).toEqual(['co\u00adoperate']);
  expect(marked('한글 문서'.normalize('NFD'), '한글')).toEqual(['한글'.normalize('NFD')]);
  expect(marked('die Straße', 'strasse')).toEqual(['Straße']);
  expect(marked('開會時間', '开会', true)).toEqual(['開會']);
});

test('a word that stands there hundreds of times hides no other one', async () => {
  const [en, zh] = [
    await ada.says(`${'the '.repeat(250)}budget is approved`, { in: room }),
    await ada.says(`${'的事 '.repeat(250)}预算已经批准`, { in: room }),
  ];
  await until(() => holds('批准', zh.id), 'the index to follow');
  for (const query of ['the budget', 'budget the', '"is approved" the budget'])
    expect(await holds(query, en.id)).toBe(true);
  for (const query of ['的 预算', '预算 的']) expect(await holds(query, zh.id)).toBe(true);
  const { hits } = await ada.call('message:search', { query: 'the budget', conversationId: conversations() });
  const { marks, message } = hits[0]!;
  expect(marks.length).toBeLessThanOrEqual(200);
  expect(new Set(marks.map(([start, end]) => message.body.slice(start, end)))).toEqual(new Set(['the', 'budget']));
});

test('the last words of the longest text are found', async () => {
  let x = 7;
  const sign = () => String.fromCodePoint(0x4e00 + (((x = (x * 1_664_525 + 1_013_904_223) >>> 0) >>> 8) % 20_000));
  const part = () => Array.from({ length: 9 }, sign).join('');
  const body = `${Array.from({ length: 1_998 }, part).join('，').slice(0, 19_980)}。结尾暗号`;
  const { id } = await ada.says(body, { in: room });
  await until(() => holds('结尾暗号', id), 'the last words to be found');
});

test('words of letters of two units are cut between them, and are found', async () => {
  // Sixty-four units would end in the middle of a letter.
  const word = `a${'𞤀'.repeat(40)}`;
  const { id } = await ada.says(`adlam ${word}`, { in: room });
  await until(() => holds('adlam', id), 'the index to follow');
  expect(await holds(word, id)).toBe(true);
});

/** Texts that are made to be slow, by length. */
const hostile: Record<string, (length: number) => string> = {
  'marks in turn on one letter': (length) => `a${'\u0300\u0316'.repeat(length / 2)}`,
  'marks on a Greek letter': (length) => `α${'\u0345\u0301'.repeat(length / 2)}`,
  'one syllable of Hangul that never ends': (length) => `\u1100\u1161${'\u11a8'.repeat(length)}`,
  'voicing marks': (length) => `ｶ${'ﾞ'.repeat(length)}`,
  'joined emoji': (length) => '👨\u200d'.repeat(length / 3),
  'halves of signs': (length) => '\ud83d'.repeat(length),
  'one letter': (length) => 'a'.repeat(length),
  'line ends': (length) => '\n '.repeat(length / 2),
  'signs that become eighteen': (length) => 'ﷺ'.repeat(length),
};
/** Seconds of the processor, the least of a few: whatever else the machine does adds to it. */
function cost(act: () => void): number {
  const took = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...took);
}

test.each(Object.entries(hostile))('text made to be slow is folded in line with its length: %s', (_, text) => {
  const work = (length: number) =>
    cost(() => {
      const body = text(length);
      tokensOf(body);
      for (const query of ['a', '"a a"', 'aaaa', 'ﷺ', '가'])
        for (const variants of [false, true]) marksIn(body, phrasesOf(query, { variants, prefix: false }), variants);
    });
  work(2_500);
  // Three times twice as long: at most 2.5 times the time each. Quadratic would be 64.
  expect(work(20_000) / work(2_500)).toBeLessThan(2.5 ** 3);
});

test('no more than thirty marks count on one sign', () => {
  expect(exact.plain(`x${'\u0300\u0316'.repeat(10_000)}y`).length).toBeLessThan(40);
  expect(exact.plain(`x${'\u0300\u0316'.repeat(10_000)}y`).endsWith('y')).toBe(true);
});
