import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '@parley/protocol/messages.ts';
import { until, type TestClient } from '../../server/testing/client.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { createParley, type Parley, type Timeline } from './client.ts';
import { memoryStorage } from './storage.ts';
import { openLossyLine, type LossyLine } from './testing/lossy-line.ts';

/*
 * Whole devices against the whole server, over real lines that can be made to lose what they carry.
 */

let world: World;
const devices: Parley[] = [];
const lines: LossyLine[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  for (const device of devices.splice(0)) device.stop();
  for (const line of lines.splice(0)) await line.close();
});
afterAll(() => world?.close());

type DeviceOptions = { origin?: string; storage?: ReturnType<typeof memoryStorage> };

/** A device of a named person, signed in and not started. */
async function signedIn(
  name: string,
  { origin = world.origin, storage = memoryStorage() }: DeviceOptions = {},
): Promise<Parley> {
  const device = createParley({ origin, storage, device: `${name}’s device`, keep: 'body' });
  devices.push(device);
  await device.signIn(await world.person(name));
  return device;
}

async function live(name: string, options?: DeviceOptions): Promise<Parley> {
  const device = await signedIn(name, options);
  device.start();
  await isLive(device);
  return device;
}

const isLive = (device: Parley) => until(() => device.state === 'live', 'the line');

async function lossyLine(): Promise<LossyLine> {
  const line = await openLossyLine(world.origin);
  lines.push(line);
  return line;
}

let groups = 0;
/** A new group of these people, begun by the first. */
async function group(creator: Parley, ...names: string[]): Promise<string> {
  const memberIds = await Promise.all(names.map(async (name) => (await world.person(name)).id));
  const { conversation } = await creator.call('conversation:create', {
    clientId: `group-${groups++}`,
    kind: 'group',
    name: `group ${groups}`,
    memberIds,
  });
  return conversation.id;
}

const bodies = (timeline: Timeline) =>
  timeline.entries.map((entry) => (entry.kind === 'message' ? entry.message.body : `(${entry.pending.body})`));
const messages = (timeline: Timeline) =>
  timeline.entries.flatMap((entry) => (entry.kind === 'message' ? [entry.message] : []));

/** The conversation's main line as the server has it, all of it. */
async function truth(client: TestClient | Parley, conversationId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let more = true; more;) {
    const page = await client.call('history:page', { conversationId, after: all.at(-1)?.seq ?? 0, limit: 100 });
    if ('unchanged' in page) throw new Error('asked for no head');
    all.push(...page.messages);
    more = page.newer;
  }
  return all;
}

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
    const reloaded = createParley({ origin: world.origin, storage, device: 'Ada’s device', keep: 'body' });
    devices.push(reloaded);
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

describe('a line that loses', () => {
  test('events: the device notices, asks, and ends up with what the server has', async () => {
    const line = await lossyLine();
    const [ada, ben] = [await live('Ada'), await live('Ben', { origin: line.origin })];
    const general = await group(ada, 'Ben');
    await until(() => ben.store.conversations.has(general), 'Ben to be told');
    const there = ben.timeline(general);
    await there.open();
    const client = await world.device('Ada');
    const root = await client.says('root', { in: general });
    const thread = ben.timeline(general, root.id);
    await thread.open();
    let events = 0;
    line.passes = (packet) => !packet.startsWith('42') || ++events % 3 !== 0;
    for (let count = 0; count < 120; count++) {
      const sent = await client.says(`said ${count} <@${ben.store.me!.id}>`, {
        in: general,
        ...(count % 4 === 0 ? { threadId: root.id } : {}),
      });
      if (count % 5 === 0)
        await client.call('message:edit', { conversationId: general, messageId: sent.id, body: `edited ${count}` });
      if (count % 11 === 0) await client.call('message:recall', { conversationId: general, messageId: sent.id });
    }
    line.passes = () => true;
    await client.says('the last one arrives', { in: general });
    const expected = await truth(client, general);
    await until(() => JSON.stringify(messages(there)) === JSON.stringify(expected), 'the copy to be true');
    expect(line.lost.length).toBeGreaterThan(20);
    await until(() => messages(thread).length === 31, 'the thread to be true');
    // The counters, too, are what a recount says.
    await until(async () => {
      const summary = await ben.call('conversation:open', { conversationId: general });
      return (
        ben.store.unread(general) === summary.lastLine - summary.mine!.readLine &&
        ben.store.mentions(general) === summary.mine!.mentions
      );
    }, 'the counters to be true');
  });

  test('of one’s own stream: marks and memberships are asked for', async () => {
    const line = await lossyLine();
    const [ada, ben] = [await live('Ada'), await live('Ben', { origin: line.origin })];
    line.passes = (packet) => !packet.startsWith('42["mine"');
    const [lost, other] = [await group(ada, 'Ben'), await group(ada, 'Ben')];
    line.passes = () => true;
    expect(ben.store.conversations.has(lost)).toBe(false);
    const third = await group(ada, 'Ben');
    await until(() => [lost, other, third].every((id) => ben.store.conversations.has(id)), 'all three');
  });

  test('an acknowledgement: the message is sent again and stored once', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    const general = await group(ada, 'Ben');
    const timeline = ada.timeline(general);
    await timeline.open();
    let cut = false;
    // The answer disappears and the line with it; the event of the message, too.
    line.passes = (packet) => {
      if (cut || (!packet.startsWith('43') && !packet.includes('said once'))) return true;
      if (packet.startsWith('43') && packet.includes('"seq"')) {
        cut = true;
        setImmediate(() => line.cut());
      }
      return false;
    };
    await ada.send({ conversationId: general, body: 'said once' });
    await until(() => cut, 'the loss');
    await until(() => ada.pending().length === 0, 'the second acknowledgement');
    await until(() => bodies(timeline).length === 1, 'one row');
    expect(bodies(timeline)).toEqual(['said once']);
    const [{ stored } = { stored: 0 }] = await world.db.rows<{ stored: number }>(
      'select count(*)::int as stored from messages where conversation_id = $1',
      [general],
    );
    expect(stored).toBe(1);
  });

  test('everything, again and again: the device comes back by itself and says when', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    const states: string[] = [];
    ada.subscribe((changed) => {
      if (changed.topic === 'state')
        states.push(
          ada.state === 'waiting'
            ? `waiting ${ada.nextAttempt !== null && ada.nextAttempt >= Date.now() - 1_000}`
            : ada.state,
        );
    });
    for (let cuts = 0; cuts < 3; cuts++) {
      const before = states.length;
      line.cut();
      await until(() => states.length > before && ada.state === 'live', 'coming back');
    }
    expect(states.filter((state) => state === 'live')).toHaveLength(3);
    expect(states).not.toContain('waiting false');
    expect(ada.problem).toBeNull();
  });
});

describe('a goodbye', () => {
  test.each(['resync', 'restarting'])('of a server that says %s brings the device back by itself', async (code) => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    line.say(`42["bye",{"code":"${code}","message":"Connect again."}]`);
    await until(() => ada.state === 'waiting', 'the line to be left');
    expect(ada.problem).toBeNull();
    await isLive(ada);
    expect(await ada.call('session:me', {})).toMatchObject({ name: 'Ada' });
  });

  test('that ends the session does not', async () => {
    const line = await lossyLine();
    const ada = await live('Ada', { origin: line.origin });
    line.say('42["bye",{"code":"suspended","message":"This account is suspended."}]');
    await until(() => ada.state === 'signed-out', 'being signed out');
    expect(ada.problem).toMatchObject({ code: 'suspended', message: 'This account is suspended.' });
    expect(ada.store.conversations.size).toBe(0);
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

describe('a session', () => {
  test('is taken up again after a reload, and not after signing out', async () => {
    const storage = memoryStorage();
    const ada = await live('Ada', { storage });
    ada.stop();
    const again = createParley({ origin: world.origin, storage, device: 'Ada’s device', keep: 'body' });
    devices.push(again);
    expect(again.state).toBe('signed-out');
    expect(await again.resume()).toBe(true);
    again.start();
    await isLive(again);
    expect(again.store.me?.name).toBe('Ada');
    await again.signOut();
    expect(again.state).toBe('signed-out');
    expect(again.store.me).toBeNull();
    expect(await storage.entries('')).toEqual([]);
    expect(await again.resume()).toBe(false);
  });

  test('that is ended elsewhere ends here at once, and says why', async () => {
    const ada = await live('Ada');
    const other = await world.device('Ada');
    const answer = await other.fetch('/api/session/devices');
    const { devices: list } = (await answer.json()) as { devices: { id: string }[] };
    for (const { id } of list)
      if (id !== other.session.deviceId) await other.fetch(`/api/session/devices/${id}`, { method: 'DELETE' });
    await until(() => ada.state === 'signed-out', 'being signed out');
    expect(ada.problem?.code).toBe('session_ended');
    await expect(ada.call('session:me', {})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('does not begin with a wrong password', async () => {
    const person = await world.person('Ada');
    const ada = createParley({ origin: world.origin, storage: memoryStorage(), device: 'a device', keep: 'body' });
    await expect(ada.signIn({ email: person.email, password: 'not the password' })).rejects.toMatchObject({
      code: 'wrong_credentials',
      fault: 'yours',
    });
    expect(ada.state).toBe('signed-out');
    expect(await ada.resume()).toBe(false);
    expect(await ada.status()).toMatchObject({ ready: true });
  });

  test('whose token the server does not take any more gets another one and connects', async () => {
    let spoilt = 0;
    const fetch: typeof globalThis.fetch = async (...asked) => {
      const response = await globalThis.fetch(...asked);
      if (spoilt++ > 0) return response;
      return Response.json({ ...((await response.json()) as object), accessToken: 'spent' });
    };
    const ada = createParley({
      origin: world.origin,
      storage: memoryStorage(),
      device: 'Ada’s device',
      keep: 'body',
      fetch,
    });
    devices.push(ada);
    await ada.signIn(await world.person('Ada'));
    ada.start();
    await isLive(ada);
    expect(spoilt).toBe(2);
  });

  test('refusals of calls carry what the server said', async () => {
    const ada = await live('Ada');
    const refused = ada.call('message:edit', {
      conversationId: ada.store.me!.id,
      messageId: ada.store.me!.id,
      body: 'x',
    });
    await expect(refused).rejects.toMatchObject({
      name: 'ParleyError',
      code: 'not_found',
      fault: 'yours',
      requestId: expect.any(String),
    });
  });
});
