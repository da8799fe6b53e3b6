import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import { newId } from '../kernel/ids.ts';
import { until, type TestClient } from '../testing/client.ts';
import { recount } from '../testing/recount.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;
let cleo: TestClient;
beforeAll(async () => {
  world = await openWorld();
  [ada, ben, cleo] = [await world.device('Ada'), await world.device('Ben'), await world.device('Cleo')];
});
afterEach(async () => {
  const wrong = await recount(world.db);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
});
afterAll(() => world?.close());

const open = async (client: TestClient, room: Summary): Promise<Mine> =>
  (await client.call('conversation:open', { conversationId: room.conversation.id })).mine!;
const counts = async (client: TestClient, room: Summary) => {
  const { unread, mentions, threads } = await open(client, room);
  return { unread, mentions, threads: threads.map((thread) => `${thread.unread}@${thread.mentions}`).join() };
};
const naming = (client: TestClient) => `<@${client.userId}>, please look`;
const mineOf = (client: TestClient, { conversation }: Summary) =>
  client.mine.flatMap((event) =>
    event.kind === 'mine' && event.conversationId === conversation.id ? [event.mine] : [],
  );

/** A group of all three in which Ada has said so many messages; Ben has read none. */
async function talk(messages = 0) {
  const room = await ada.group('Unread', [ben, cleo]);
  const conversationId = room.conversation.id;
  const said = [];
  for (let n = 1; n <= messages; n++) said.push(await ada.says(`said ${n}`, { in: room }));
  return { room, conversationId, said };
}

describe('recalled messages', () => {
  test('a recalled message above the read mark is not unread; one below changes nothing', async () => {
    const { room, conversationId, said } = await talk(4);
    await ben.call('read:mark', { conversationId, line: 1 });
    await ada.call('message:recall', { conversationId, messageId: said[2]!.id });
    expect((await counts(ben, room)).unread).toBe(2);
    await ada.call('message:recall', { conversationId, messageId: said[0]!.id });
    expect((await counts(ben, room)).unread).toBe(2);
    // The mark counts lines, recalled ones included: reading up to the third leaves the fourth.
    expect(await ben.call('read:mark', { conversationId, line: 3 })).toMatchObject({ readLine: 3, unread: 1 });
  });

  test('a thread whose only unread answer was recalled is not unread', async () => {
    const { room, conversationId } = await talk();
    const root = await ben.says('a question', { in: room });
    const [first, second] = [
      await ada.says('one', { in: room, threadId: root.id }),
      await cleo.says('two', { in: room, threadId: root.id }),
    ];
    expect((await counts(ben, room)).threads).toBe('2@0');
    await ada.call('message:recall', { conversationId, messageId: first.id });
    expect((await counts(ben, room)).threads).toBe('1@0');
    await cleo.call('message:recall', { conversationId, messageId: second.id });
    expect((await counts(ben, room)).threads).toBe('');
    const third = await ada.says('three', { in: room, threadId: root.id });
    expect((await open(ben, room)).threads).toEqual([
      { threadId: root.id, answers: 3, read: 0, unread: 1, mentions: 0 },
    ]);
    expect(third.line).toBeNull();
  });

  test('a live recall is marked as the recall itself; in a catch-up it is not', async () => {
    const { room, conversationId, said } = await talk(1);
    await ada.call('message:edit', { conversationId, messageId: said[0]!.id, body: 'edited' });
    await ada.call('message:recall', { conversationId, messageId: said[0]!.id });
    const heard = () =>
      ben.changes.flatMap(({ conversationId: id, change }) =>
        id === conversationId && change.kind === 'message' && change.rev > said[0]!.rev ? [change.recall ?? false] : [],
      );
    await until(() => heard().length === 2, 'both changes');
    expect(heard()).toEqual([false, true]);
    const { changes } = await ben.call('sync:conversation', { conversationId, since: room.head });
    expect(changes.every((change) => !('recall' in change))).toBe(true);
  });
});

describe('marking unread', () => {
  test('messages are unread from the chosen line on every device; the read mark stays', async () => {
    const { room, conversationId, said } = await talk(5);
    const tablet = await world.device('Ben');
    await ben.call('read:mark', { conversationId, line: 5 });
    await ada.call('message:recall', { conversationId, messageId: said[3]!.id });
    const mine = await ben.call('read:unread', { conversationId, line: 3 });
    expect(mine).toMatchObject({ readLine: 5, unreadFrom: 3, unread: 2 });
    await until(() => mineOf(tablet, room).some(({ unreadFrom }) => unreadFrom === 3), 'the other device');
    expect(mineOf(tablet, room).at(-1)).toEqual(mine);
    await ada.says('six', { in: room });
    expect(await open(ben, room)).toMatchObject({ readLine: 5, unreadFrom: 3, unread: 3 });
    tablet.close();
  });

  test('reading on moves the chosen line, and reading past the mark ends it', async () => {
    const { room, conversationId } = await talk(6);
    await ben.call('read:mark', { conversationId, line: 5 });
    await ben.call('read:unread', { conversationId, line: 2 });
    expect(await ben.call('read:mark', { conversationId, line: 1 })).toMatchObject({ unreadFrom: 2, unread: 5 });
    expect(await ben.call('read:mark', { conversationId, line: 3 })).toMatchObject({
      readLine: 5,
      unreadFrom: 4,
      unread: 3,
    });
    expect(await ben.call('read:mark', { conversationId, line: 5 })).toMatchObject({
      readLine: 5,
      unreadFrom: null,
      unread: 1,
    });
    expect((await counts(ben, room)).unread).toBe(1);
  });

  test('null clears the choice; repeating it or choosing an unread line changes nothing', async () => {
    const { room, conversationId } = await talk(4);
    await ben.call('read:mark', { conversationId, line: 3 });
    await ben.call('read:unread', { conversationId, line: 2 });
    await until(() => mineOf(ben, room).length === 2, 'both events');
    const { urev } = await ben.call('read:unread', { conversationId, line: 2 });
    expect(urev).toBe(mineOf(ben, room).at(-1)!.urev);
    expect(await ben.call('read:unread', { conversationId, line: null })).toMatchObject({
      unreadFrom: null,
      unread: 1,
    });
    const after = await ben.call('read:unread', { conversationId, line: 4 });
    expect(after).toMatchObject({ unreadFrom: null, unread: 1 });
    expect((await ben.call('read:unread', { conversationId, line: 999 })).urev).toBe(after.urev);
    await until(() => mineOf(ben, room).length === 3, 'the third event');
  });

  test('sending ends it, and so does leaving and coming back', async () => {
    const { room, conversationId } = await talk(3);
    await ben.call('read:mark', { conversationId, line: 3 });
    await ben.call('read:unread', { conversationId, line: 1 });
    await ben.says('four', { in: room });
    expect(await open(ben, room)).toMatchObject({ readLine: 4, unreadFrom: null, unread: 0 });
    await ben.call('read:unread', { conversationId, line: 1 });
    await ben.call('conversation:leave', { conversationId });
    await ada.says('five', { in: room });
    await ada.call('member:add', { conversationId, userIds: [ben.userId] });
    expect(await open(ben, room)).toMatchObject({ readLine: 5, unreadFrom: null, unread: 0 });
  });

  test('a mention below the chosen line counts again', async () => {
    const { room, conversationId } = await talk(1);
    await ada.says(naming(ben), { in: room });
    await ben.call('read:mark', { conversationId, line: 2 });
    expect(await counts(ben, room)).toMatchObject({ unread: 0, mentions: 0 });
    expect(await ben.call('read:unread', { conversationId, line: 2 })).toMatchObject({ unread: 1, mentions: 1 });
  });

  test('people who are not members are refused, and so are lines that cannot be', async () => {
    const { conversationId } = await talk(2);
    const eve = await world.device('Eve');
    expect(await eve.tries('read:unread', { conversationId, line: 1 })).toBe('not_found');
    expect(await ben.tries('read:unread', { conversationId: newId(), line: 1 })).toBe('not_found');
    for (const line of [0, -1, 1.5, Number.MAX_SAFE_INTEGER + 1])
      expect(await ben.tries('read:unread', { conversationId, line })).toBe('malformed');
    await ada.call('member:remove', { conversationId, userId: ben.userId });
    expect(await ben.tries('read:unread', { conversationId, line: 1 })).toBe('not_found');
  });
});

describe('mentions in threads', () => {
  test('a person mentioned in an unfollowed thread is told, and follows it from then on', async () => {
    const { room, conversationId } = await talk();
    const root = await ada.says('the plan', { in: room });
    await ben.call('read:mark', { conversationId, line: 1 });
    await cleo.says('an answer', { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
    await ada.says(naming(ben), { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '1@1' });
    await cleo.says('one more', { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '2@1' });
    await ben.call('thread:mark', { conversationId, threadId: root.id, answers: 1 });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '2@1' });
    await ben.call('thread:mark', { conversationId, threadId: root.id, answers: 2 });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '1@0' });
    // Reading the main line reads no thread.
    await ada.says(naming(ben), { in: room, threadId: root.id });
    await ben.call('read:mark', { conversationId, line: 1 });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '2@1' });
  });

  test('a mention in an own thread is told apart from an ordinary answer', async () => {
    const { room } = await talk();
    const root = await ben.says('my question', { in: room });
    await ada.says('an answer', { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '1@0' });
    await ada.says(naming(ben), { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '2@1' });
    await ben.says('thanks', { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
  });

  test('an edit adds or removes a mention in a thread, and a recall removes it', async () => {
    const { room, conversationId } = await talk();
    const root = await ada.says('the plan', { in: room });
    await ben.call('read:mark', { conversationId, line: 1 });
    const { id: messageId } = await ada.says('an answer', { in: room, threadId: root.id });
    await cleo.says('another', { in: room, threadId: root.id });
    const edit = (body: string) => ada.call('message:edit', { conversationId, messageId, body });
    await edit(naming(ben));
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 1, threads: '2@1' });
    await edit('an answer again');
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
    await edit(naming(ben));
    expect((await counts(ben, room)).mentions).toBe(1);
    await ada.call('message:recall', { conversationId, messageId });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
  });

  test('editing an answer that was read adds no new mention', async () => {
    const { room, conversationId } = await talk();
    const root = await ben.says('my question', { in: room });
    const { id: messageId } = await ada.says('an answer', { in: room, threadId: root.id });
    await ben.call('thread:mark', { conversationId, threadId: root.id, answers: 1 });
    await ada.call('message:edit', { conversationId, messageId, body: naming(ben) });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
  });

  test('a person who took part goes on following when the last mention goes', async () => {
    const { room, conversationId } = await talk();
    const root = await ada.says('the plan', { in: room });
    const { id: messageId } = await ada.says(naming(ben), { in: room, threadId: root.id });
    await ben.says('I am here', { in: room, threadId: root.id });
    await ada.call('message:recall', { conversationId, messageId });
    await cleo.says('good', { in: room, threadId: root.id });
    expect(await counts(ben, room)).toMatchObject({ mentions: 0, threads: '1@0' });
  });

  test('people who joined later, and non-members, are not called by earlier answers', async () => {
    const { room, conversationId } = await talk();
    const dan = await world.device('Dan');
    const root = await ada.says('the plan', { in: room });
    const { id: messageId } = await ada.says(naming(dan), { in: room, threadId: root.id });
    await ada.call('member:add', { conversationId, userIds: [dan.userId] });
    expect(await counts(dan, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
    await ada.call('message:edit', { conversationId, messageId, body: `${naming(dan)} again` });
    expect(await counts(dan, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
    await cleo.says('go on', { in: room, threadId: root.id });
    expect(await counts(dan, room)).toEqual({ unread: 0, mentions: 0, threads: '1@0' });
    await ada.call('member:remove', { conversationId, userId: dan.userId });
    await cleo.says(naming(dan), { in: room, threadId: root.id });
    await ada.call('member:add', { conversationId, userIds: [dan.userId] });
    expect(await counts(dan, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
  });

  test('in a conversation with topics every mention stands on the main line', async () => {
    const { conversation } = await ada.group('Topics', [ben], { threading: 'topics' });
    const room = { conversation } as Summary;
    const root = await ada.says('first', { in: room, title: 'A topic' });
    await ada.says(naming(ben), { in: room, threadId: root.id });
    expect(await counts(ben, room)).toEqual({ unread: 2, mentions: 1, threads: '' });
    await ben.call('read:mark', { conversationId: conversation.id, line: 2 });
    expect(await counts(ben, room)).toEqual({ unread: 0, mentions: 0, threads: '' });
  });

  test('many answers stored in one batch are counted each at its own place', async () => {
    const { room } = await talk();
    const root = await ada.says('the plan', { in: room });
    const says = (client: TestClient, body: string) => client.says(body, { in: room, threadId: root.id });
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) => says(ada, `answer ${n}`)),
      ...Array.from({ length: 10 }, (_, n) => says(cleo, n % 2 ? naming(ben) : `answer ${n}`)),
    ]);
    expect((await counts(ben, room)).mentions).toBe(5);
  });
});

describe('followed threads', () => {
  test('are listed page by page for members only: begun, answered, or named in', async () => {
    const { room, conversationId } = await talk();
    const roots = [await ben.says('mine', { in: room })];
    for (let n = 0; n < 4; n++) roots.push(await ada.says(`root ${n}`, { in: room }));
    await ada.says('an answer', { in: room, threadId: roots[0]!.id });
    await ben.says('mine too', { in: room, threadId: roots[1]!.id });
    await ada.says(naming(ben), { in: room, threadId: roots[2]!.id });
    await cleo.says('not for Ben', { in: room, threadId: roots[3]!.id });
    const first = await ben.call('thread:follows', { conversationId, limit: 2 });
    const second = await ben.call('thread:follows', { conversationId, limit: 2, after: first.next! });
    expect([...first.threadIds, ...second.threadIds]).toEqual(roots.slice(0, 3).map(({ id }) => id));
    expect(second.next).toBeNull();
    const eve = await world.device('Eve');
    expect(await eve.tries('thread:follows', { conversationId })).toBe('not_found');
    expect(await ben.tries('thread:follows', { conversationId, limit: 101 })).toBe('malformed');
  });
});
