import { describe, expect, test } from 'vitest';
import { until } from '../../server/testing/client.ts';
import { memoryStorage } from './storage.ts';
import { bodies, deviceOf, group, live, messages, truth, world, withWorld } from './testing/devices.ts';

withWorld();

describe('two people', () => {
  test('hear each other, and what is written shows at once and keeps its row', async () => {
    const [ada, ben] = [await live('Ada'), await live('Ben')];
    const general = await group(ada, 'Ben');
    await until(() => ben.store.conversations.has(general), 'Ben to be told');
    const [here, there] = [ada.timeline(general), ben.timeline(general)];
    await Promise.all([here.open(), there.open()]);
    const sent = await ada.send({ conversationId: general, body: 'hello <@nobody>' });
    expect(here.entries.map(({ key }) => key)).toEqual([sent.clientId]);
    await until(() => messages(here).length === 1 && messages(there).length === 1, 'the message');
    expect(here.entries.map(({ key }) => key)).toEqual([sent.clientId]);
    await until(() => ada.pending().length === 0, 'the acknowledgement');
    await ada.edit(messages(here)[0]!, 'hello, Ben');
    await until(() => bodies(there)[0] === 'hello, Ben', 'the edit');
    await ada.recall(messages(here)[0]!);
    await until(() => messages(there)[0]!.recalledAt !== null, 'the recall');
    expect(messages(here)).toEqual(await truth(ben, general));
    expect(messages(there)).toEqual(await truth(ben, general));
  });

  test('know each other by name, and whether the other is there and writing', async () => {
    const [ada, ben] = [await live('Ada'), await live('Ben')];
    const general = await group(ada, 'Ben');
    const benId = ben.store.me!.id;
    await until(() => ben.store.conversations.has(general), 'Ben to be told');
    await until(() => ada.store.person(benId)?.name === 'Ben', 'the name');
    await until(() => ada.store.presence(benId) === 'online', 'being there');
    ben.typing(general);
    await until(() => ada.store.typing(general).includes(benId), 'writing');
    await ben.send({ conversationId: general, body: 'written' });
    await until(() => ada.store.typing(general).length === 0, 'having written');
    expect(ben.store.typing(general)).toEqual([]);
    ben.presence('away');
    await until(() => ada.store.presence(benId) === 'away', 'being away');
    ben.stop();
    await until(() => ada.store.presence(benId) === 'offline', 'being gone');
  });

  test('typing ends with its author’s next message, not by others acting on earlier ones', async () => {
    const [ada, ben] = [await live('Ada'), await live('Ben')];
    const olga = await world.device('Olga', { roles: ['owner'] });
    const { conversation } = await olga.group('typing', [await world.device('Ada'), await world.device('Ben')]);
    const conversationId = conversation.id;
    await until(() => [ada, ben].every((device) => device.store.conversations.has(conversationId)), 'both to be told');
    const [benId, phone] = [ben.store.me!.id, await world.device('Ben')];
    const [one, two] = [
      await phone.says('one', { in: conversationId }),
      await phone.says('two', { in: conversationId }),
    ];
    const hears = async () => {
      const { head } = await olga.call('conversation:open', { conversationId });
      await until(() => ada.store.conversations.get(conversationId)!.head === head, 'all changes');
    };
    await hears();
    ben.typing(conversationId);
    await until(() => ada.store.typing(conversationId).includes(benId), 'writing');
    await olga.call('pin:add', { conversationId, messageId: one.id });
    await olga.call('pin:remove', { conversationId, messageId: one.id });
    await olga.says('an answer', { in: conversationId, threadId: one.id });
    await olga.call('message:recall', { conversationId, messageId: two.id });
    await phone.call('message:edit', { conversationId, messageId: one.id, body: 'edited on the phone' });
    await hears();
    expect(ada.store.typing(conversationId)).toEqual([benId]);
    await phone.says('written', { in: conversationId });
    await until(() => ada.store.typing(conversationId).length === 0, 'having written');
  });

  test('come into conversations and out of them without asking', async () => {
    const [ada, ben] = [await live('Ada'), await live('Ben')];
    const general = await group(ada, 'Ben');
    await until(() => ben.store.conversations.has(general), 'coming in');
    expect(ben.store.conversations.get(general)).toMatchObject({ memberCount: 2, mine: { role: 'member' } });
    const there = ben.timeline(general);
    await there.open();
    await ada.call('member:remove', { conversationId: general, userId: ben.store.me!.id });
    await until(() => !ben.store.conversations.has(general), 'going out');
    await until(() => there.state === 'failed', 'the open timeline to say so');
    expect(there.error?.code).toBe('not_found');
  });
});

describe('a device that was away', () => {
  test('catches up: messages, edits, recalls and answers, in the window it had open and in its list', async () => {
    const [ada, ben] = [await live('Ada'), await live('Ben')];
    const general = await group(ada, 'Ben');
    await until(() => ben.store.conversations.has(general), 'Ben to be told');
    const client = await world.device('Ada');
    const first = await client.says('first', { in: general });
    const second = await client.says('second', { in: general });
    const there = ben.timeline(general);
    await there.open();
    ben.stop();
    for (let count = 0; count < 250; count++) await client.says(`missed ${count}`, { in: general });
    await client.says('answer', { in: general, threadId: first.id });
    await client.call('message:edit', { conversationId: general, messageId: second.id, body: 'edited meanwhile' });
    ben.start();
    const expected = await truth(client, general);
    await until(() => messages(there).length === expected.length, 'everything missed');
    expect(messages(there)).toEqual(expected);
    expect(messages(there)[0]).toMatchObject({ answers: 1 });
    expect(ben.store.unread(general)).toBe(252);
    expect(ben.store.conversations.get(general)!.last?.body).toBe('answer');
  });

  test('sends what was written meanwhile, also after a reload, in its order and once', async () => {
    const storage = memoryStorage();
    const ada = await live('Ada', { storage });
    const general = await group(ada, 'Ben');
    ada.stop();
    for (const body of ['one', 'two', 'three']) await ada.send({ conversationId: general, body });
    const reloaded = deviceOf('Ada', { storage });
    expect(await reloaded.resume()).toBe(true);
    expect(reloaded.pending(general).map(({ body }) => body)).toEqual(['one', 'two', 'three']);
    reloaded.start();
    ada.start();
    await until(() => reloaded.pending().length === 0 && ada.pending().length === 0, 'all of it sent, twice');
    expect((await truth(reloaded, general)).map(({ body }) => body)).toEqual(['one', 'two', 'three']);
  });

  test('opens at the first unread message, wherever that is', async () => {
    const ada = await live('Ada');
    const general = await group(ada, 'Ben');
    const client = await world.device('Ben');
    const root = await client.says('root', { in: general });
    // Answers take numbers of their own: lines and places drift apart.
    for (let count = 0; count < 400; count++)
      await client.says(`said ${count}`, { in: general, ...(count % 3 === 0 ? {} : { threadId: root.id }) });
    const lines = await truth(client, general);
    const firstUnread = lines[20]!;
    await client.call('read:mark', { conversationId: general, line: 0 });
    ada.markRead(general, firstUnread.line! - 1);
    const timeline = ada.timeline(general);
    await timeline.open('unread');
    expect(timeline.unreadFrom).toBe(firstUnread.line);
    expect(messages(timeline).map(({ id }) => id)).toContain(firstUnread.id);
    expect(timeline.hasNewer).toBe(true);
    while (timeline.hasNewer) await timeline.newer();
    while (timeline.hasOlder) await timeline.older();
    expect(messages(timeline)).toEqual(lines);
    const thread = ada.timeline(general, root.id);
    await thread.open();
    while (thread.hasOlder) await thread.older();
    expect(messages(thread).map(({ seq }) => seq)).toEqual(
      [...new Set([root.seq, ...messages(thread).map(({ seq }) => seq)])].sort((a, b) => a - b),
    );
    expect(messages(thread)).toHaveLength(1 + lines[0]!.answers);
  });
});

describe('two devices of one person', () => {
  test('agree on what is unread, whoever reads, and writing is reading', async () => {
    const [phone, laptop] = [await live('Ada'), await live('Ada')];
    const general = await group(phone, 'Ben');
    const ben = await world.device('Ben');
    await until(() => laptop.store.conversations.has(general), 'the laptop to be told');
    const me = phone.store.me!.id;
    const marks = () => [phone, laptop].map((device) => [device.store.unread(general), device.store.mentions(general)]);
    await ben.says('one', { in: general });
    await ben.says(`two <@${me}>`, { in: general });
    const last = await ben.says('three', { in: general });
    await until(() => JSON.stringify(marks()) === '[[3,1],[3,1]]', 'three unread on both');
    phone.markRead(general, last.line! - 2);
    phone.markRead(general, last.line! - 1);
    expect(phone.store.unread(general)).toBe(1);
    await until(() => JSON.stringify(marks()) === '[[1,0],[1,0]]', 'one unread on both');
    phone.markRead(general, 1);
    expect(phone.store.unread(general)).toBe(1);
    await ben.says(`four <@${me}>`, { in: general });
    await until(() => JSON.stringify(marks()) === '[[2,1],[2,1]]', 'two unread on both');
    await laptop.send({ conversationId: general, body: 'five' });
    await until(() => JSON.stringify(marks()) === '[[0,0],[0,0]]', 'none on either');
    const fresh = await live('Ada');
    expect([fresh.store.unread(general), fresh.store.mentions(general)]).toEqual([0, 0]);
  });

  test('agree on mentions that an edit brings and a recall takes away', async () => {
    const [phone, laptop] = [await live('Ada'), await live('Ada')];
    const general = await group(phone, 'Ben');
    const ben = await world.device('Ben');
    await until(() => laptop.store.conversations.has(general), 'the laptop to be told');
    const mentions = () => [phone, laptop].map((device) => device.store.mentions(general));
    const { id: messageId } = await ben.says('nobody named', { in: general });
    await ben.call('message:edit', { conversationId: general, messageId, body: `now named <@${phone.store.me!.id}>` });
    await until(() => JSON.stringify(mentions()) === '[1,1]', 'the mention');
    await ben.call('message:recall', { conversationId: general, messageId });
    await until(() => JSON.stringify(mentions()) === '[0,0]', 'its end');
  });

  test('agree on what is muted and pinned, and on followed threads', async () => {
    const [phone, laptop] = [await live('Ada'), await live('Ada')];
    const general = await group(phone, 'Ben');
    const ben = await world.device('Ben');
    await until(() => laptop.store.conversations.has(general), 'the laptop to be told');
    await phone.call('conversation:prefer', { conversationId: general, muted: true, pinned: true });
    await until(
      () =>
        laptop.store.conversations.get(general)!.mine!.muted && laptop.store.conversations.get(general)!.mine!.pinned,
      'the preference',
    );
    await phone.send({ conversationId: general, body: 'a root' });
    await until(() => phone.pending().length === 0, 'the root');
    const [root] = await truth(ben, general);
    await ben.says('an answer', { in: general, threadId: root!.id });
    const threads = () => [phone, laptop].map((device) => device.store.conversations.get(general)!.mine!.threads);
    await until(() => threads().every(([thread]) => thread?.answers === 1 && thread.read === 0), 'the unread answer');
    laptop.markThreadRead(general, root!.id, 1);
    await until(() => threads().every((list) => list.length === 0), 'the answer to be read');
  });
});

describe('threads', () => {
  test('followed before this device was there are known by their first answer', async () => {
    const [ada, ben] = [await world.device('Ada'), await world.device('Ben')];
    const { conversation } = await ada.group('threads', [ben]);
    const root = await ben.says('a question', { in: conversation.id });
    await ada.says('an answer', { in: conversation.id, threadId: root.id });
    await ben.call('thread:mark', { conversationId: conversation.id, threadId: root.id, answers: 1 });
    const laptop = await live('Ben');
    const threads = () => laptop.store.conversations.get(conversation.id)!.mine!.threads;
    expect(threads()).toEqual([]);
    await ada.says('another answer', { in: conversation.id, threadId: root.id });
    await until(() => threads()[0]?.unread === 1, 'the unread answer');
  });
});

describe('marking unread', () => {
  test('marking unread: on all devices, until read, also with a read mark in flight', async () => {
    const [phone, laptop] = [await live('Ada'), await live('Ada')];
    const general = await group(phone, 'Ben');
    const ben = await world.device('Ben');
    await until(() => laptop.store.conversations.has(general), 'the laptop to be told');
    for (let n = 1; n <= 6; n++) await ben.says(`said ${n}`, { in: general });
    const unread = () => [phone, laptop].map((device) => device.store.unread(general)).join();
    await until(() => unread() === '6,6', 'six unread');
    const timeline = laptop.timeline(general);
    await timeline.open();
    laptop.markRead(general, 6);
    await laptop.markUnread(general, 4);
    expect(timeline.unreadFrom).toBe(4);
    await until(() => unread() === '3,3', 'three unread');
    expect(phone.store.conversations.get(general)!.mine).toMatchObject({ readLine: 6, unreadFrom: 4 });
    const there = phone.timeline(general);
    await there.open('unread');
    expect(there.unreadFrom).toBe(4);
    phone.markRead(general, 4);
    await until(() => unread() === '2,2', 'two unread');
    phone.markRead(general, 6);
    await until(() => unread() === '0,0', 'nothing unread');
    await expect(laptop.markUnread(laptop.store.me!.id, 1)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a public channel', () => {
  test('can be looked at from outside, live, for as long as it is open', async () => {
    const owner = await world.device('Owner', { roles: ['owner'] });
    const { conversation } = await owner.call('conversation:create', {
      clientId: 'the-public-one',
      kind: 'channel',
      name: 'public',
      visibility: 'public',
    });
    const ada = await live('Ada');
    const timeline = ada.timeline(conversation.id);
    await timeline.open();
    expect(ada.store.conversations.get(conversation.id)).toMatchObject({ mine: null });
    await owner.says('heard from outside', { in: conversation.id });
    await until(() => bodies(timeline).includes('heard from outside'), 'the message');
    ada.stop();
    await owner.says('missed', { in: conversation.id });
    ada.start();
    await until(() => bodies(timeline).includes('missed'), 'what was missed');
    await owner.says('heard again', { in: conversation.id });
    await until(() => bodies(timeline).includes('heard again'), 'being let in again');
    timeline.close();
    expect(ada.store.conversations.has(conversation.id)).toBe(false);
  });

  test('that is private can not: the timeline says so', async () => {
    const owner = await world.device('Owner', { roles: ['owner'] });
    const { conversation } = await owner.group('theirs', []);
    const ada = await live('Ada');
    const timeline = ada.timeline(conversation.id);
    await expect(timeline.open()).rejects.toMatchObject({ code: 'not_found', fault: 'yours' });
    expect(timeline.state).toBe('failed');
  });
});
