import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor } from '../../server/testing/http.ts';
import { openWorld, type World } from '../../server/testing/world.ts';
import { createParley } from './client.ts';
import { memoryStorage } from './storage.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Person = Awaited<ReturnType<World['person']>>;
async function deviceOf(person: Person, device: string) {
  const parley = createParley({ origin: world.origin, storage: memoryStorage(), device, keep: 'body' });
  await parley.signIn(person);
  return parley;
}
const fresh = 'seven lamps over water';

test('a changed password keeps this device signed in and ends the others', async () => {
  const ada = await world.person('Ada');
  const [phone, laptop] = [await deviceOf(ada, 'phone'), await deviceOf(ada, 'laptop')];
  await expect(phone.changePassword({ current: 'not this one', password: fresh })).rejects.toMatchObject({
    code: 'wrong_credentials',
  });
  await expect(phone.changePassword({ current: ada.password, password: 'short' })).rejects.toMatchObject({
    code: 'password_short',
  });
  await phone.changePassword({ current: ada.password, password: fresh });
  expect((await phone.devices()).map(({ name, current }) => [name, current])).toEqual([['phone', true]]);
  expect(await phone.resume()).toBe(true);
  await expect(laptop.devices()).rejects.toMatchObject({ code: 'session_ended' });
});

test('devices are listed and ended: one, the others, all', async () => {
  const ben = await world.person('Ben');
  const names = ['phone', 'laptop', 'tablet'];
  const [phone, ...others] = [
    await deviceOf(ben, names[0]!),
    await deviceOf(ben, names[1]!),
    await deviceOf(ben, names[2]!),
  ];
  const listed = await phone.devices();
  expect(listed.map(({ name }) => name).sort()).toEqual([...names].sort());
  await phone.endDevice(listed.find(({ name }) => name === 'laptop')!.id);
  expect((await phone.devices()).map(({ name }) => name).sort()).toEqual(['phone', 'tablet']);
  await phone.endDevices({ keepThis: true });
  await expect(others[1]!.devices()).rejects.toMatchObject({ code: 'session_ended' });
  await phone.endDevices({});
  await expect(phone.devices()).rejects.toMatchObject({ code: 'session_ended' });
});

test('a reset link says whom it is for and sets the password once', async () => {
  const mei = await world.person('Mei');
  const olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  const { done } = await olga.act('resetPassword', { id: mei.id });
  const token = done!.resetLink!.split('#')[1]!;
  const parley = createParley({ origin: world.origin, storage: memoryStorage(), device: 'phone', keep: 'body' });
  expect(await parley.resetPerson(token)).toEqual({ name: 'Mei', email: mei.email });
  expect(await parley.resetPassword({ token, password: fresh })).toMatchObject({ userId: mei.id });
  await expect(parley.resetPassword({ token, password: fresh })).rejects.toMatchObject({ code: 'wrong_credentials' });
  await parley.signIn({ email: mei.email, password: fresh });
});

test('without a session, password and devices are refused before anything is sent', async () => {
  const parley = createParley({
    origin: 'http://127.0.0.1:9',
    storage: memoryStorage(),
    device: 'phone',
    keep: 'body',
  });
  await expect(parley.devices()).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(parley.changePassword({ current: 'a', password: fresh })).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});
