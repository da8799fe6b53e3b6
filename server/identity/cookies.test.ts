import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_PUBLIC_URL: 'https://chat.example.com' } });
});
afterAll(() => world.close());

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
