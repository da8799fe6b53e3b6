import { describe, expect, test } from 'vitest';
import { newId } from '../../server/kernel/ids.ts';
import { until } from '../../server/testing/client.ts';
import { badStorage, type BadStorage, type Fault } from './testing/bad-storage.ts';
import { bodies, deviceOf, group, isLive, live, lossyLine, truth, world, withWorld } from './testing/devices.ts';
import type { Parley } from './client.ts';
import { browserTabs, type Tabs } from './tabs.ts';

withWorld();

const faults: Fault[] = ['refuses', 'refuses writes', 'refuses reads', 'refuses deletes', 'hangs', 'throws'];
const numbers = [1, 2, 3];
const said = async (device: Parley, id: string) => (await truth(device, id)).map(({ body }) => body);

/** Ada's device with a storage of its own, and a group with Ben. */
async function start(): Promise<{ ada: Parley; storage: BadStorage; id: string }> {
  const storage = badStorage();
  const ada = await live('Ada', { storage });
  return { ada, storage, id: await group(ada, 'Ben') };
}

/** The same device after a reload: only what lies in the storage is left. */
async function reloaded(storage: BadStorage, before: Parley, tabs?: Tabs): Promise<Parley> {
  before.stop();
  const after = deviceOf('Ada', { storage, ...(tabs ? { tabs } : {}) });
  await after.resume();
  return after;
}

describe.each(faults)('a storage that %s', (fault) => {
  test('loses no send: each is stored once, in the order written', async () => {
    const { ada, storage, id } = await start();
    const timeline = ada.timeline(id);
    await timeline.open();
    storage.fault = fault;
    const sends = numbers.map((n) => ada.send({ conversationId: id, body: `said ${n}` }));
    // On screen at once, whatever the storage does.
    expect(bodies(timeline)).toEqual(['(said 1)', '(said 2)', '(said 3)']);
    await Promise.all(sends);
    await until(() => ada.pending().length === 0, 'the sends to be acknowledged');
    expect(await said(ada, id)).toEqual(['said 1', 'said 2', 'said 3']);
  });

  test('leaves threads, retries and discarded sends as they should be', async () => {
    const { ada, storage, id } = await start();
    const client = await world.device('Ada');
    const root = await client.says('root', { in: id });
    storage.fault = fault;
    await ada.send({ conversationId: id, body: 'answer', threadId: root.id });
    const refused = await ada.send({ conversationId: id, body: 'lost place', threadId: newId() });
    const unwanted = await ada.send({ conversationId: id, body: 'never mind', threadId: newId() });
    await until(() => ada.pending().filter(({ state }) => state === 'failed').length === 2, 'both to be refused');
    expect(ada.pending().map(({ body }) => body)).toEqual(['lost place', 'never mind']);
    await ada.discard(unwanted.clientId);
    await ada.retry(refused.clientId);
    await until(() => ada.pending()[0]?.state === 'failed', 'the second refusal');
    expect(ada.pending().map(({ body }) => body)).toEqual(['lost place']);
    expect(await said(ada, id)).toEqual(['root']);
    const thread = await ada.call('history:page', { conversationId: id, threadId: root.id });
    expect('messages' in thread && thread.messages.map(({ body }) => body)).toEqual(['root', 'answer']);
  });

  test('waits offline in memory, and keeps what waits as soon as it works again', async () => {
    const line = await lossyLine();
    const storage = badStorage();
    const ada = await live('Ada', { storage, origin: line.origin });
    const id = await group(ada, 'Ben');
    ada.stop();
    let told = 0;
    ada.subscribe(({ topic }) => void (topic === 'storage' && told++));
    storage.fault = fault;
    for (const n of numbers) await ada.send({ conversationId: id, body: `said ${n}` });
    expect(ada.pending().map(({ body }) => body)).toEqual(['said 1', 'said 2', 'said 3']);
    const writes = fault !== 'refuses reads' && fault !== 'refuses deletes';
    expect([ada.storage, ada.pending().some(({ kept }) => kept)]).toEqual(
      writes ? ['failing', false] : ['ready', true],
    );
    storage.fault = 'none';
    await until(
      () => ada.storage === 'ready' && ada.pending().every(({ kept }) => kept),
      'the storage to be used again',
    );
    expect(told > 0).toBe(writes);
    expect(await storage.inside.entries('pending/')).toHaveLength(3);
    const after = await reloaded(storage, ada);
    after.start();
    await until(() => after.pending().length === 0, 'the sends to be acknowledged');
    await isLive(after);
    expect(await said(after, id)).toEqual(['said 1', 'said 2', 'said 3']);
    expect(await storage.inside.entries('pending/')).toEqual([]);
  });

  test('does not stop a device from signing in, sending and signing out', async () => {
    const storage = badStorage();
    storage.fault = fault;
    const ada = await live('Ada', { storage });
    const id = await group(ada, 'Ben');
    await ada.send({ conversationId: id, body: 'here I am' });
    await until(() => ada.pending().length === 0, 'the send to be acknowledged');
    expect(await said(ada, id)).toEqual(['here I am']);
    await ada.signOut();
    expect(ada.state).toBe('signed-out');
  });
});

test('an unreadable storage ends no session, and gives what it kept when it can', async () => {
  const { ada, storage, id } = await start();
  ada.stop();
  await ada.send({ conversationId: id, body: 'written before' });
  storage.fault = 'refuses reads';
  const after = deviceOf('Ada', { storage });
  await expect(after.resume()).rejects.toMatchObject({ code: 'unavailable' });
  storage.fault = 'none';
  expect(await after.resume()).toBe(true);
  after.start();
  await until(() => after.pending().length === 0, 'the send to be acknowledged');
  await isLive(after);
  expect(await said(after, id)).toEqual(['written before']);
});

test('what could not be read at sign-in is taken up when it can be', async () => {
  const { ada, storage, id } = await start();
  ada.stop();
  await ada.send({ conversationId: id, body: 'written before' });
  storage.fault = 'refuses reads';
  const after = await live('Ada', { storage });
  expect(after.pending()).toEqual([]);
  storage.fault = 'none';
  await until(async () => (await said(after, id)).length === 1, 'the send to be stored');
  expect(await said(after, id)).toEqual(['written before']);
});

test('a storage that loses everything while the device runs is given what waits again', async () => {
  const { ada, storage, id } = await start();
  ada.stop();
  for (const n of numbers) await ada.send({ conversationId: id, body: `said ${n}` });
  await storage.lose();
  await until(async () => (await storage.inside.entries('pending/')).length === 3, 'the sends to be kept again');
  expect(ada.pending().every(({ kept }) => kept)).toBe(true);
});

test('a write that comes back late undoes nothing', async () => {
  const { ada, storage, id } = await start();
  storage.fault = 'hangs';
  await ada.send({ conversationId: id, body: 'said once' });
  await until(() => ada.pending().length === 0, 'the send to be acknowledged');
  storage.fault = 'none';
  await until(() => ada.storage === 'ready', 'the storage to be used again');
  expect(await storage.inside.entries('pending/')).toEqual([]);
});

describe('two pages of one browser', () => {
  const opened: Tabs[] = [];
  const page = () => {
    const tabs = browserTabs();
    opened.push(tabs);
    return tabs;
  };

  test('send what was written in each once; one takes up what a closed one left', async () => {
    const storage = badStorage();
    const [first, second] = [page(), page()];
    const one = await live('Ada', { storage, tabs: first });
    const id = await group(one, 'Ben');
    one.stop();
    await one.send({ conversationId: id, body: 'written in the first' });
    const two = deviceOf('Ada', { storage, tabs: second });
    await two.resume();
    two.start();
    await isLive(two);
    // No ghost of what the first page is still to send.
    expect(two.pending()).toEqual([]);
    await two.send({ conversationId: id, body: 'written in the second' });
    await until(() => two.pending().length === 0, 'the send to be acknowledged');
    expect(await said(two, id)).toEqual(['written in the second']);
    first.close();
    await until(async () => (await said(two, id)).length === 2, 'the second page to take it up');
    expect(await said(two, id)).toEqual(['written in the second', 'written in the first']);
    await until(async () => (await storage.inside.entries('pending/')).length === 0, 'nothing to wait');
    second.close();
  });

  test('a page that opened later is taken up from, too', async () => {
    const storage = badStorage();
    const one = await live('Ada', { storage, tabs: page() });
    const id = await group(one, 'Ben');
    const later = page();
    const two = deviceOf('Ada', { storage, tabs: later });
    await two.resume();
    await two.send({ conversationId: id, body: 'written and left' });
    expect(one.pending()).toEqual([]);
    later.close();
    await until(async () => (await said(one, id)).length === 1, 'the first page to take it up');
    for (const tabs of opened.splice(0)) tabs.close();
  });

  test('a page that opened earlier and wrote later is taken up from, too', async () => {
    const storage = badStorage();
    const earlier = page();
    const one = await live('Ada', { storage, tabs: earlier });
    const id = await group(one, 'Ben');
    const two = deviceOf('Ada', { storage, tabs: page() });
    await two.resume();
    two.start();
    await isLive(two);
    one.stop();
    await one.send({ conversationId: id, body: 'written and left' });
    earlier.close();
    await until(async () => (await said(two, id)).length === 1, 'the second page to take it up');
    for (const tabs of opened.splice(0)) tabs.close();
  });

  test('without locks both send the same, it is stored once, and neither shows a ghost', async () => {
    const storage = badStorage();
    const withoutLocks = (): Tabs => ({ ...page(), open: async () => null, whenClosed: () => undefined });
    const one = await live('Ada', { storage, tabs: withoutLocks() });
    const id = await group(one, 'Ben');
    one.stop();
    const refused = await one.send({ conversationId: id, body: 'to be discarded' });
    await one.send({ conversationId: id, body: 'to be sent' });
    const two = deviceOf('Ada', { storage, tabs: withoutLocks() });
    await two.resume();
    expect(two.pending().map(({ body }) => body)).toEqual(['to be discarded', 'to be sent']);
    await one.discard(refused.clientId);
    await until(() => two.pending().length === 1, 'the other page to hear of it');
    two.start();
    await until(() => one.pending().length === 0 && two.pending().length === 0, 'both to know that it was sent');
    await isLive(two);
    expect(await said(two, id)).toEqual(['to be sent']);
    for (const tabs of opened.splice(0)) tabs.close();
  });

  test('signing out in one ends the other, also offline, and leaves nothing of either', async () => {
    const storage = badStorage();
    const one = await live('Ada', { storage, tabs: page() });
    const id = await group(one, 'Ben');
    const two = deviceOf('Ada', { storage, tabs: page() });
    await two.resume();
    await two.send({ conversationId: id, body: 'not yet sent' });
    await one.signOut();
    await until(() => two.state === 'signed-out', 'the other page to end');
    expect(two.problem).toMatchObject({ code: 'session_ended' });
    await until(async () => (await storage.inside.entries('')).length === 0, 'nothing to be left');
    for (const tabs of opened.splice(0)) tabs.close();
  });
});
