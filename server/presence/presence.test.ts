import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PresenceEvent, TypingEvent } from '@parley/protocol/sync.ts';
import { newId } from '../kernel/ids.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const presences = (client: TestClient) =>
  client.others.filter(({ event }) => event === 'presence').map(({ payload }) => payload as PresenceEvent);
const typings = (client: TestClient) =>
  client.others.filter(({ event }) => event === 'typing').map(({ payload }) => payload as TypingEvent);
/** Anything said before this was heard: answers and events of a connection keep their order. */
const settled = (client: TestClient) => client.call('session:me', {});

test('the others of a conversation see somebody writing and stopping, and the writer’s own devices do not', async () => {
  const [ada, tablet, ben, eve] = [
    await world.device('Ada'),
    await world.device('Ada'),
    await world.device('Ben'),
    await world.device('Eve'),
  ];
  const { conversation } = await ada.group('typing', [ben]);
  const at = { conversationId: conversation.id };
  await ada.call('typing:set', { ...at, typing: true });
  await ada.call('typing:set', { ...at, typing: true });
  await ada.call('typing:set', { ...at, typing: false });
  await until(() => typings(ben).length === 2, 'both hints');
  expect(typings(ben)).toEqual([true, false].map((typing) => ({ ...at, userId: ada.userId, threadId: null, typing })));
  await Promise.all([tablet, eve].map(settled));
  expect([tablet, eve, ada].map((client) => typings(client))).toEqual([[], [], []]);
});

test('whoever is no member cannot say they are writing, nor can whoever was removed a moment ago', async () => {
  const [ada, ben, eve] = [await world.device('Ada'), await world.device('Ben'), await world.device('Eve')];
  const { conversation } = await ada.group('typing closed', [ben]);
  const at = { conversationId: conversation.id };
  expect(await eve.tries('typing:set', { ...at, typing: true })).toBe('not_found');
  expect(await ben.tries('typing:set', { ...at, typing: true })).toBe('ok');
  await ada.call('member:remove', { ...at, userId: ben.userId });
  expect(await ben.tries('typing:set', { ...at, typing: true })).toBe('not_found');
  await settled(ada);
  expect(
    typings(ada)
      .filter(({ userId }) => userId === ben.userId)
      .map(({ typing }) => typing),
  ).toEqual([true, false]);
});

test('whoever falls silent or goes away has stopped writing', async () => {
  const [ada, ben, cy] = [await world.device('Ada'), await world.device('Ben'), await world.device('Cy')];
  const { conversation } = await ada.group('typing fades', [ben, cy]);
  await ben.call('typing:set', { conversationId: conversation.id, typing: true });
  await cy.call('typing:set', { conversationId: conversation.id, typing: true });
  cy.close();
  await until(() => typings(ada).some(({ userId, typing }) => userId === cy.userId && !typing), 'the one who left');
  await until(
    () => typings(ada).some(({ userId, typing }) => userId === ben.userId && !typing),
    'the one who fell silent',
  );
});

test('a person is as present as their most present connection, and offline only after a grace', async () => {
  const watcher = await world.device('Watcher');
  const dora = await world.person('Dora');
  const nobody = newId();
  expect((await watcher.call('presence:watch', { userIds: [dora.id, nobody] })).states).toEqual({
    [dora.id]: 'offline',
    [nobody]: 'offline',
  });
  const [phone, laptop] = [await world.device('Dora'), await world.device('Dora')];
  await until(() => presences(watcher).length === 1, 'coming online');
  await phone.call('presence:set', { state: 'away' });
  await laptop.call('presence:set', { state: 'away' });
  await until(() => presences(watcher).length === 2, 'going away');
  await laptop.call('presence:set', { state: 'online' });
  await until(() => presences(watcher).length === 3, 'coming back');
  expect((await watcher.call('presence:watch', { userIds: [dora.id] })).states).toEqual({ [dora.id]: 'online' });
  phone.close();
  laptop.close();
  await until(() => world.app.house.broadcast.seatsOf(dora.id).length === 0, 'both gone');
  expect((await watcher.call('presence:watch', { userIds: [dora.id] })).states).toEqual({ [dora.id]: 'online' });
  await until(() => presences(watcher).length === 4, 'going offline');
  expect(presences(watcher).map(({ state }) => state)).toEqual(['online', 'away', 'online', 'offline']);
});

test('a reload is no news, and a list that is watched no more is not told', async () => {
  const [watcher, idle] = [await world.device('Watcher'), await world.device('Idle')];
  const finn = await world.device('Finn');
  await watcher.call('presence:watch', { userIds: [finn.userId, idle.userId] });
  await idle.call('presence:watch', { userIds: [finn.userId] });
  await idle.call('presence:watch', { userIds: [] });
  await until(
    async () =>
      (await watcher.call('presence:watch', { userIds: [finn.userId, idle.userId] })).states[finn.userId] === 'online',
    'being told',
  );
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const before = presences(watcher).length;
  finn.close();
  await world.device('Finn');
  await idle.call('presence:set', { state: 'away' });
  await until(
    () => presences(watcher).some(({ userId, state }) => userId === idle.userId && state === 'away'),
    'other news',
  );
  expect(
    presences(watcher)
      .slice(before)
      .filter(({ userId }) => userId === finn.userId),
  ).toEqual([]);
  expect(presences(idle)).toEqual([]);
});

test('a guest sees the presence of those they share a conversation with, and of nobody else', async () => {
  const [ada, ben] = [await world.device('Ada'), await world.device('Ben')];
  const guest = await world.device('Gus', { kind: 'guest', roles: ['guest'] });
  await ada.group('with a guest', [guest]);
  const { states } = await guest.call('presence:watch', { userIds: [ada.userId, ben.userId] });
  expect(states).toEqual({ [ada.userId]: 'online', [ben.userId]: 'offline' });
});

test('lists have a cap', async () => {
  const ada = await world.device('Ada');
  expect(await ada.tries('presence:watch', { userIds: Array.from({ length: 500 }, () => newId()) })).toBe('ok');
  expect(await ada.tries('presence:watch', { userIds: Array.from({ length: 501 }, () => newId()) })).toBe('malformed');
});
