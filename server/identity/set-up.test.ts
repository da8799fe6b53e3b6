import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '@parley/protocol/limits.ts';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { openSetUp } from './set-up.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const input = {
  organisation: 'Kestrel & Söhne 企业',
  name: 'Ada',
  email: 'ada@example.com',
  password: 'a password of some length',
};
const setUp = (more: Record<string, unknown>) =>
  visitor(world.origin).ask('POST', '/api/set-up', { ...input, ...more });

test('an installation without an owner says so, and takes one only with the code', async () => {
  expect((await visitor(world.origin).ask('GET', '/api/status')).body).toMatchObject({
    ready: true,
    setUp: true,
    evaluation: false,
  });
  // Before anybody printed a code there is none to guess.
  expect((await setUp({ code: 'undefined' })).body.error?.code).toBe('wrong_credentials');
  const code = (await openSetUp(world.app.house))!;
  expect(await openSetUp(world.app.house)).toBe(code);
  expect((await setUp({ code: `${code}x` })).body.error?.code).toBe('wrong_credentials');
  expect((await setUp({ code: { $ne: '' } })).body.error?.code).toBe('malformed');
  expect((await setUp({ code, password: 'eleven char' })).body.error?.code).toBe('password_short');
  expect((await setUp({ code, password: 'x'.repeat(limits.password + 1) })).body.error?.code).toBe('malformed');
  expect((await setUp({ code, email: 'no address' })).body.error?.code).toBe('malformed');
  expect((await setUp({ code, role: 'owner' })).body.error?.code).toBe('malformed');
  expect(await world.db.rows('select from users')).toHaveLength(0);
});

test('of many who set up at once, one becomes the owner; afterwards nobody does, not even with the code', async () => {
  const code = (await openSetUp(world.app.house))!;
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, n) => setUp({ code, name: `Person ${n}`, email: `p${n}@example.com` })),
  );
  const winners = replies.filter(({ status }) => status === 200);
  expect(winners).toHaveLength(1);
  expect(replies.filter(({ body }) => body.error?.code === 'conflict')).toHaveLength(9);
  expect(await world.db.rows('select from users')).toHaveLength(1);
  expect((await setUp({ code })).body.error?.code).toBe('conflict');
  expect(await openSetUp(world.app.house)).toBeNull();
  expect((await visitor(world.origin).ask('GET', '/api/status')).body).toMatchObject({
    setUp: false,
    organisation: input.organisation,
  });
  const [owner] = await world.db.rows<{ email: string }>('select email from users');
  const ada = visitor(world.origin);
  await ada.signIn({ email: owner!.email, password: input.password });
  expect((await ada.graphql('{ people { edges { node { roles } } } }')).data).toEqual({
    people: { edges: [{ node: { roles: ['member', 'owner'] } }] },
  });
});

test('the code stands in no answer and no row', async () => {
  const rows = await world.db.rows<{ row: string }>(
    `select a::text as row from audit_entries a union all select o::text from outbox o`,
  );
  expect(rows.map(({ row }) => row).join('\n')).not.toMatch(/a password of some length|argon2/);
});

test('wrong set-up codes are limited; the operator at the same address still gets in', async () => {
  const strict = await openWorld({ env: { PARLEY_SIGN_INS_PER_MINUTE: '5' } });
  try {
    const code = (await openSetUp(strict.app.house))!;
    const ask = (said: string) => visitor(strict.origin).ask('POST', '/api/set-up', { ...input, code: said });
    const codes = [];
    for (let n = 0; n < 7; n++) codes.push((await ask(`guess ${n}`)).body.error?.code);
    expect(codes).toEqual([...Array<string>(5).fill('wrong_credentials'), 'limited', 'limited']);
    expect((await ask(code)).status).toBe(200);
  } finally {
    await strict.close();
  }
});
