import { afterAll, beforeAll, expect, test } from 'vitest';
import { authority } from '../kernel/authority.ts';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('whoever is inside already is asked about from memory, and the answer is never older than the act that changed it', async () => {
  const who = world.app.house.parts.use(authority);
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner'] }));
  const ben = await world.person('Ben');
  const first = await visitor(world.origin).signIn(ben);
  const second = await visitor(world.origin).signIn(ben);
  const there = await who.identify(first.accessToken);
  const here = await who.identify(second.accessToken);
  expect(who.refresh(here)).toBe(here);

  await olga.act('grantRole', { userId: ben.id, role: 'analyst' });
  expect(who.refresh(here).permissions.has('dashboards.read')).toBe(true);
  expect(here.permissions.has('dashboards.read')).toBe(false);
  await olga.act('withdrawRole', { userId: ben.id, role: 'analyst' });
  expect(who.refresh(here).permissions.has('dashboards.read')).toBe(false);

  await olga.ask('DELETE', `/api/session/devices/${first.deviceId}`);
  expect(() => who.refresh(there)).toThrow(expect.objectContaining({ code: 'session_ended' }));
  expect(who.refresh(here).id).toBe(ben.id);

  await olga.act('suspendPeople', { ids: [ben.id] });
  for (const actor of [here, there])
    expect(() => who.refresh(actor)).toThrow(expect.objectContaining({ code: 'suspended' }));
  await olga.act('reactivatePeople', { ids: [ben.id] });
  expect(() => who.refresh(here)).toThrow(expect.objectContaining({ code: 'session_ended' }));
});

test('a token for a person or device that is not there lets nobody in', async () => {
  const who = world.app.house.parts.use(authority);
  const carl = await world.person('Carl');
  const { accessToken } = await visitor(world.origin).signIn(carl);
  await world.db.rows('delete from devices where user_id = $1', [carl.id]);
  await expect(who.identify(accessToken)).rejects.toMatchObject({ code: 'session_ended' });
});
