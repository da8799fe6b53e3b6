import { expect, test } from 'vitest';
import { until } from '../../server/testing/client.ts';
import { visitor, type Visitor } from '../../server/testing/http.ts';
import { bodies, group, live, world, withWorld } from './testing/devices.ts';

withWorld();

async function owner(): Promise<Visitor> {
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  return olga;
}
const change = async (act: 'withdrawRole' | 'grantRole', userId: string, role = 'member') =>
  expect((await (await owner()).act(act, { userId, role })).code).toBeUndefined();

test('a device drops its conversations with the right to read and reloads them with it', async () => {
  const [ada, ben] = [await live('Ada'), await live('Ben')];
  const id = await group(ada, 'Ben');
  await until(() => ben.store.conversations.has(id), 'Ben to be told');
  const timeline = ben.timeline(id);
  await timeline.open();
  const me = ben.store.me!.id;
  await change('withdrawRole', me);
  await until(() => ben.store.conversations.size === 0, 'the conversations to go');
  expect([ben.state, ben.problem]).toEqual(['live', null]);
  expect(ben.store.me).toMatchObject({ id: me, permissions: [] });
  await until(() => timeline.state === 'failed', 'the open timeline to say so');
  expect(timeline.error).toMatchObject({ code: 'forbidden' });
  await expect(ben.call('history:page', { conversationId: id })).rejects.toMatchObject({ code: 'forbidden' });
  await ada.send({ conversationId: id, body: 'said meanwhile' });

  await change('grantRole', me);
  await until(() => ben.store.conversations.has(id), 'the conversations to come back');
  expect(ben.store.me!.permissions).toContain('conversations.read');
  const again = ben.timeline(id);
  await again.open();
  await until(() => bodies(again).includes('said meanwhile'), 'what was said meanwhile');
  await ada.send({ conversationId: id, body: 'said live' });
  await until(() => bodies(again).includes('said live'), 'what is said now');
});

test('a device without the right to read is live, knows its person and shows nothing', async () => {
  const { id } = await world.person('Roleless', { roles: [] });
  const device = await live('Roleless');
  expect([device.state, device.store.me?.id, device.store.conversations.size]).toEqual(['live', id, 0]);
  const ada = await live('Ada');
  const conversation = await group(ada, 'Roleless');
  await change('grantRole', id);
  await until(() => device.store.conversations.has(conversation), 'the conversation');
});

test('a channel looked at says so when it is made private', async () => {
  const [ada, ben] = [await live('Ada'), await live('Ben')];
  const { conversation } = await ada.call('conversation:create', {
    clientId: 'looked-at',
    kind: 'channel',
    name: 'looked at',
    visibility: 'public',
  });
  const timeline = ben.timeline(conversation.id);
  await timeline.open();
  await ada.call('conversation:make-private', { conversationId: conversation.id });
  await until(() => timeline.state === 'failed', 'the timeline to say so');
  expect(timeline.error?.code).toBe('not_found');
  expect(ben.store.conversations.has(conversation.id)).toBe(false);
});
