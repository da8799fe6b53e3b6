import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_PUBLIC_URL: 'https://chat.example.com' } });
});
afterAll(() => world.close());

test('signing in again in a browser ends the device its cookie named before', async () => {
  const page = 'https://chat.example.com';
  const browser = visitor(world.origin, { page });
  const first = await browser.signIn(await world.person('Ben'));
  const cookie = browser.cookies.get('parley_refresh')!;
  const elsewhere = await visitor(world.origin, { page }).signIn(await world.person('Ben'));
  // Neither a wrong password nor a program that shows the cookie ends anything.
  const { email, password } = await world.person('Ben');
  await browser.ask('POST', '/api/session', { email, password: 'not the password' });
  const program = visitor(world.origin, { page: null });
  program.cookies.set('parley_refresh', cookie);
  await program.signIn({ email, password });
  const endings = () =>
    world.db.rows<{ id: string; because: string | null }>(
      `select id, ended_because as because from devices where ended_at is not null`,
    );
  expect(await endings()).toEqual([]);
  await browser.signIn({ email, password });
  expect(await endings()).toEqual([{ id: first.deviceId, because: 'replaced by a new sign-in' }]);
  expect(elsewhere.deviceId).not.toBe(first.deviceId);
});

test('cookies are for TLS only when the public address says https, and browsers are told to stay there', async () => {
  const { email, password } = await world.person('Ada');
  const reply = await visitor(world.origin, { page: 'https://chat.example.com' }).ask('POST', '/api/session', {
    email,
    password,
  });
  expect(reply.headers.getSetCookie()).toHaveLength(2);
  for (const cookie of reply.headers.getSetCookie())
    expect(cookie).toMatch(/; Path=\/api\/session;.*HttpOnly; Secure; SameSite=Strict$/);
  expect(reply.headers.get('strict-transport-security')).toBe('max-age=31536000');
});
