import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CallInput } from '@parley/protocol/catalogue.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let eve: TestClient;
let room: Summary;

beforeAll(async () => {
  world = await openWorld();
  ada = await world.device('Ada');
  eve = await world.device('Eve');
  room = await ada.group('Planning', [await world.device('Ben')]);
  await ada.says('The launch is on Friday', { in: room });
  await ada.says('Lunch at noon', { in: room });
  await ada.says('git reset --hard HEAD', { in: room });
  await ada.says('企业即时通讯平台 roadmap', { in: room });
  await ada.says('Müllerstraße is closed', { in: room });
  await indexed();
});
afterAll(() => world.close());

const indexed = () =>
  until(async () => {
    const behind = `select from outbox o join outbox_cursors c on c.watcher = 'search' where (o.tx, o.id) > (c.tx, c.id) limit 1`;
    return (await world.db.rows(behind)).length === 0;
  }, 'the index to follow');
const typed = async (query: string, more: Partial<CallInput<'message:search'>> = {}, who = ada) =>
  (await who.call('message:search', { query, prefix: true, ...more })).hits.map(({ message }) => message.body);

test.each([
  ['lau', ['The launch is on Friday']],
  ['fri', ['The launch is on Friday']],
  ['LAU', ['The launch is on Friday']],
  ['la', ['The launch is on Friday']],
  ['launch', ['The launch is on Friday']],
  ['the lau', ['The launch is on Friday']],
  // Only the last word, and only while nothing follows it.
  ['lau friday', []],
  ['lau ', []],
  ['"lau"', []],
  ['unch', []],
  // A quote that is still open ends in a beginning.
  ['"git reset --ha', ['git reset --hard HEAD']],
  ['"git res', ['git reset --hard HEAD']],
  ['"git res"', []],
  ['"reset hard', []],
  ['即时通', ['企业即时通讯平台 roadmap']],
  ['即时 road', ['企业即时通讯平台 roadmap']],
  ['MÜLLERSTRASS', ['Müllerstraße is closed']],
])('while %j is being typed, it finds %j', async (query, found) => {
  expect(await typed(query)).toEqual(found);
});

test('after Enter, words are whole again', async () => {
  expect(await typed('lau', { prefix: false })).toEqual([]);
  expect(await typed('mullerstr', { variants: true })).toEqual(['Müllerstraße is closed']);
});

test('a beginning shows no one what they may not read', async () => {
  expect(await typed('lau', {}, eve)).toEqual([]);
  expect(await eve.call('message:count', { query: 'lau', prefix: true })).toEqual({ count: 0, more: false });
});

test('words that stand in no message any more are forgotten', async () => {
  const stored = async () =>
    (await world.db.rows<{ word: string }>(`select word from search_words where word like 'sword%' order by word`)).map(
      ({ word }) => word,
    );
  const sent = await ada.says('the secret is swordfish, or sworder', { in: room });
  await ada.says('a sworder was here before', { in: room });
  await indexed();
  expect(await stored()).toEqual(['sworder', 'swordfish']);
  const { conversation } = room;
  await ada.call('message:edit', { conversationId: conversation.id, messageId: sent.id, body: 'swordplay' });
  await indexed();
  expect(await stored()).toEqual(['sworder', 'swordplay']);
  await ada.call('message:recall', { conversationId: conversation.id, messageId: sent.id });
  await indexed();
  expect(await stored()).toEqual(['sworder']);
  // What was forgotten is learnt again.
  await ada.says('swordfish after all', { in: room });
  await indexed();
  expect(await typed('swordf')).toEqual(['swordfish after all']);
});

test('what is found is counted, and beyond a thousand it is said that there are more', async () => {
  const many = await ada.group('Many', [await world.device('Cy')]);
  const count = (query: string, more = {}) => ada.call('message:count', { query, ...more });
  expect(await count('launch')).toEqual({ count: 1, more: false });
  expect(await count('"launch friday"')).toEqual({ count: 0, more: false });
  expect(await count('lau', { prefix: true })).toEqual({ count: 1, more: false });
  const send = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await ada.says(`lighthouse report ${i}`, { in: many });
  };
  await send(0, 1_000);
  await indexed();
  expect(await count('lighthouse')).toEqual({ count: 1_000, more: false });
  expect(await count('lighthouse', { conversationId: room.conversation.id })).toEqual({ count: 0, more: false });
  await send(1_000, 1_001);
  await indexed();
  expect(await count('lighthouse')).toEqual({ count: 1_000, more: true });
  expect(await ada.tries('message:count', { query: '""' })).toBe('malformed');
});

test('an index made by other rules is made anew, and says so', async () => {
  await world.db.rows(`update search_entries set tokens = '{}'`);
  expect(await typed('launch')).toEqual([]);
  await world.db.rows('update search_form set form = 1, below = null');
  // As another version of the server would find it: on a connection of its own.
  await world.db.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'parley search'`,
  );
  await until(async () => (await typed('laun')).length === 1, 'the index to be made anew');
  await until(() => world.logged.some((line) => line.includes('the search index is new')), 'the log to say so');
  const [left] = await world.db.rows<{ count: number }>(
    `select count(*)::int as count from search_entries where tokens = '{}'`,
  );
  expect(left!.count).toBe(0);
});
