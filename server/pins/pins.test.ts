import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallInput, CallName } from '@parley/protocol/catalogue.ts';
import { mostPins } from '@parley/protocol/pins.ts';
import { newId } from '../kernel/ids.ts';
import { writeBursts } from '../kernel/refusals.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;
let eve: TestClient;
let id: string;

beforeAll(async () => {
  world = await openWorld();
  [ada, ben, eve] = (await Promise.all(['Ada', 'Ben', 'Eve'].map((name) => world.device(name)))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
});
afterAll(() => world.close());
beforeEach(async () => {
  id = (await ada.group('Planning', [ben])).conversation.id;
});

const say = (body: string, who = ada) => who.says(body, { in: id });
const pin = (who: TestClient, messageId: string) => who.call('pin:add', { conversationId: id, messageId });
const unpin = (who: TestClient, messageId: string) => who.call('pin:remove', { conversationId: id, messageId });
const pinned = async (who: TestClient) =>
  (await who.call('pin:list', { conversationId: id })).pins.map(({ message }) => message.body);
const message = async (seq: number, who = ada) => {
  const page = await who.call('history:page', { conversationId: id, around: seq });
  return 'messages' in page ? page.messages.find((one) => one.seq === seq)! : undefined!;
};
const head = async () => (await ada.call('conversation:open', { conversationId: id })).head;
const events = (messageId: string) =>
  world.db.rows<{ type: string; actor: string }>(
    `select type, actor_id as actor from outbox where payload ->> 'messageId' = $1 and type like 'message.%pinned' order by id`,
    [messageId],
  );

test('what one pins everybody sees: in the list, newest pin first, on the message itself, and live', async () => {
  const first = await say('the agenda');
  const second = await say('the door code');
  const { rev } = await pin(ben, first.id);
  await pin(ada, second.id);
  const { pins } = await ada.call('pin:list', { conversationId: id });
  expect(pins.map((one) => [one.message.body, one.pinnedBy])).toEqual([
    ['the door code', ada.userId],
    ['the agenda', ben.userId],
  ]);
  expect(pins[1]!.message).toEqual(await message(first.seq, ben));
  expect(pins[1]!.message).toMatchObject({ rev, pinnedAt: pins[1]!.pinnedAt });
  await until(
    () => ben.changes.filter(({ change }) => change.kind === 'message' && change.message.pinnedAt).length === 2,
  );
  const heard = ben.changes.find(({ head: at }) => at === rev);
  expect(heard).toMatchObject({ conversationId: id, change: { kind: 'message', message: { id: first.id } } });
});

test('a pin takes the next place among the conversation’s changes, and no place among its messages', async () => {
  const { id: messageId, seq } = await say('keep this');
  const before = await ada.call('conversation:open', { conversationId: id });
  expect(await pin(ada, messageId)).toEqual({ rev: before.head + 1 });
  expect(await unpin(ben, messageId)).toEqual({ rev: before.head + 2 });
  const after = await ada.call('conversation:open', { conversationId: id });
  expect(after).toMatchObject({ head: before.head + 2, lastSeq: before.lastSeq, lastLine: before.lastLine });
  expect(await message(seq)).toMatchObject({ seq, rev: before.head + 2, pinnedAt: null });
  expect(await pinned(ben)).toEqual([]);
  expect((await events(messageId)).map(({ type, actor }) => [type, actor])).toEqual([
    ['message.pinned', ada.userId],
    ['message.unpinned', ben.userId],
  ]);
});

test('twice is once, also at the same moment: one change, one event, the same answer', async () => {
  const { id: messageId } = await say('only once');
  const before = await head();
  const answers = await Promise.all([ada, ben, ada, ben].map((who) => pin(who, messageId)));
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ rev: before + 1 })));
  expect(await pin(ada, messageId)).toEqual({ rev: before + 1 });
  expect(await pinned(ada)).toEqual(['only once']);
  const gone = await Promise.all([ada, ben].map((who) => unpin(who, messageId)));
  expect(gone).toEqual([{ rev: before + 2 }, { rev: before + 2 }]);
  expect(await unpin(ben, messageId)).toEqual({ rev: before + 2 });
  expect(await head()).toBe(before + 2);
  expect(await events(messageId)).toHaveLength(2);
});

test('a device that was away catches up on pins it missed, and on pins that are gone again', async () => {
  const kept = await say('kept');
  const dropped = await say('dropped');
  await pin(ada, dropped.id);
  const since = await head();
  ben.close();
  const { rev } = await pin(ada, kept.id);
  const { rev: last } = await unpin(ada, dropped.id);
  await ben.connect();
  const told = await ben.call('sync:start', { cursor: 0, heads: { [id]: since } });
  expect(told.changed.find(({ conversation }) => conversation.id === id)!.head).toBe(last);
  const { changes, next } = await ben.call('sync:conversation', { conversationId: id, since });
  expect(next).toBe(last);
  expect(
    changes.map(
      (change) => change.kind === 'message' && [change.rev, change.message.id, change.message.pinnedAt !== null],
    ),
  ).toEqual([
    [rev, kept.id, true],
    [last, dropped.id, false],
  ]);
});

test('a page a device holds is not called unchanged after a pin', async () => {
  const { id: messageId } = await say('look again');
  const page = await ben.call('history:page', { conversationId: id });
  const held = 'head' in page ? page.head : 0;
  expect(await ben.call('history:page', { conversationId: id, head: held })).toEqual({ unchanged: true });
  await pin(ada, messageId);
  expect(await ben.call('history:page', { conversationId: id, head: held })).not.toEqual({ unchanged: true });
});

test('a recalled message cannot be pinned, and recalling takes the pin away, under one rev', async () => {
  const { id: messageId, seq } = await say('a slip');
  await pin(ben, messageId);
  const before = await head();
  const { rev } = await ada.call('message:recall', { conversationId: id, messageId });
  expect(rev).toBe(before + 1);
  expect(await pinned(ben)).toEqual([]);
  expect(await message(seq, ben)).toMatchObject({ rev, pinnedAt: null, body: '' });
  expect((await events(messageId)).map(({ type }) => type)).toEqual(['message.pinned', 'message.unpinned']);
  expect(await ada.tries('pin:add', { conversationId: id, messageId })).toBe('conflict');
  expect(await unpin(ada, messageId)).toEqual({ rev });
  expect(await head()).toBe(rev);
});

test('an edit keeps the pin, and the list shows the new words', async () => {
  const { id: messageId } = await say('ten o’clock');
  await pin(ben, messageId);
  await ada.call('message:edit', { conversationId: id, messageId, body: 'eleven o’clock' });
  expect(await pinned(ben)).toEqual(['eleven o’clock']);
});

test(`a conversation holds at most ${mostPins} pins; the next needs one to go first, and no race slips past`, async () => {
  const ids: string[] = [];
  for (let i = 0; i < mostPins + 2; i++) ids.push((await say(`note ${i}`)).id);
  for (const messageId of ids.slice(0, mostPins - 1)) await pin(ada, messageId);
  const race = await Promise.all(
    ids.slice(mostPins - 1).map((messageId) => ben.tries('pin:add', { conversationId: id, messageId })),
  );
  expect(race.toSorted()).toEqual(['conflict', 'conflict', 'ok']);
  expect(await pinned(ada)).toHaveLength(mostPins);
  await unpin(ben, ids[0]!);
  const refused = ids.slice(mostPins - 1)[race.indexOf('conflict')]!;
  await pin(ben, refused);
  expect(await pinned(ada)).toHaveLength(mostPins);
});

describe('the wrong person', () => {
  const each: [CallName, (messageId: string) => object][] = [
    ['pin:list', () => ({ conversationId: id })],
    ['pin:add', (messageId) => ({ conversationId: id, messageId })],
    ['pin:remove', (messageId) => ({ conversationId: id, messageId })],
  ];

  test.each(each)('%s: somebody outside gets the answer of a conversation that does not exist', async (name, input) => {
    const { id: messageId } = await say('inside');
    await pin(ada, messageId);
    const before = await head();
    const told = await eve.raw(name, input(messageId));
    const nowhere = await eve.raw(name, { ...input(messageId), conversationId: newId() });
    expect(told.error).toMatchObject({ code: 'not_found' });
    expect(told.error!.message).toBe(nowhere.error!.message);
    expect(await head()).toBe(before);
    expect(await pinned(ada)).toEqual(['inside']);
  });

  test.each(each)('%s: who was a member is somebody outside from the moment of leaving', async (name, input) => {
    const { id: messageId } = await say('inside');
    await ben.call('conversation:leave', { conversationId: id });
    expect(await ben.tries(name, input(messageId) as CallInput<typeof name>)).toBe('not_found');
  });

  test.each(each)('%s: looking at a public channel from outside is not being a member', async (name, input) => {
    const channel = await ada.group('Open', [], { kind: 'channel', visibility: 'public' });
    id = channel.conversation.id;
    const { id: messageId } = await say('read by all');
    expect(await eve.tries('history:page', { conversationId: id })).toBe('ok');
    expect(await eve.tries(name, input(messageId) as CallInput<typeof name>)).toBe('not_found');
  });

  test.each(each.slice(1))(
    '%s: without the permission to write nobody pins, and the refusal is audited',
    async (name, input) => {
      const rita = await world.device(`Rita ${name}`, { roles: ['auditor'] });
      await ada.call('member:add', { conversationId: id, userIds: [rita.userId] });
      const { id: messageId } = await say('not hers to pin');
      expect(await rita.tries(name, input(messageId) as CallInput<typeof name>)).toBe('forbidden');
      await writeBursts(world.app.house);
      const refusals = await world.db.rows(
        `select from audit_entries where actor_id = $1 and outcome = 'refused' and action = $2`,
        [rita.userId, name],
      );
      expect(refusals).toHaveLength(1);
    },
  );

  test('a message of another conversation cannot be reached through one’s own', async () => {
    const own = await eve.group('Eve’s', []);
    const { id: messageId } = await say('inside');
    for (const name of ['pin:add', 'pin:remove'] as const)
      expect(await eve.tries(name, { conversationId: own.conversation.id, messageId })).toBe('not_found');
  });

  test('in an archived conversation nothing is pinned any more, and what was pinned can still be read', async () => {
    const channel = await ada.group('Over', [ben], { kind: 'channel' });
    id = channel.conversation.id;
    const [one, other] = [await say('one'), await say('other')];
    await pin(ada, one.id);
    await ada.call('conversation:archive', { conversationId: id });
    expect(await ben.tries('pin:add', { conversationId: id, messageId: other.id })).toBe('conflict');
    expect(await ben.tries('pin:remove', { conversationId: id, messageId: one.id })).toBe('conflict');
    expect(await pinned(ben)).toEqual(['one']);
  });
});

test.each([
  {},
  { conversationId: 1 },
  { conversationId: newId() },
  { conversationId: newId(), messageId: 'x' },
  null,
  [],
])('what is not a reference to a message is malformed: %j', async (input) => {
  expect((await ada.raw('pin:add', input)).error?.code).toBe('malformed');
  expect((await ada.raw('pin:remove', input)).error?.code).toBe('malformed');
});
