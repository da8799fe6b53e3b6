import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdClock } from '../kernel/clock.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { resetLifeMs } from './password-resets.ts';

let world: World;
let olga: Visitor;
let adam: Visitor;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_PUBLIC_URL: 'https://chat.example.com', PARLEY_TRUST_PROXY: '1' } });
  olga = visitor(world.origin);
  adam = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await adam.signIn(await world.person('Adam', { roles: ['administrator'] }));
});
afterAll(() => world.close());

type Person = Awaited<ReturnType<World['person']>>;
const fresh = 'seven lamps over water';
async function linkFor(person: { id: string }, who = adam, more: Record<string, unknown> = {}) {
  const { code, message, plan, done } = await who.act('resetPassword', { id: person.id, ...more }, 'forgot it');
  const link = done?.resetLink ?? '';
  return { code, message, plan, link, token: link.split('#')[1] ?? '' };
}
const use = (token: string, password = fresh, who = visitor(world.origin)) =>
  who.ask('POST', '/api/password-reset', { token, password });
const personOf = (token: string) => visitor(world.origin).ask('POST', '/api/password-reset/person', { token });
const signIn = (person: Person, password: string, who = visitor(world.origin)) =>
  who.ask('POST', '/api/session', { email: person.email, password });

test('a reset link says whom it is for and sets the new password once; all devices end', async () => {
  const ada = await world.person('Ada');
  const device = visitor(world.origin);
  await device.signIn(ada);
  const { link, token, plan } = await linkFor(ada);
  expect(link).toBe(`https://chat.example.com/reset#${token}`);
  expect(plan!.counts).toEqual([{ table: 'password_resets', op: 'insert', count: 1 }]);
  expect((await personOf(token)).body).toEqual({ name: 'Ada', email: ada.email });
  // Until the link is used everything is as before.
  expect((await signIn(ada, ada.password)).status).toBe(200);
  expect((await device.ask('GET', '/api/me')).status).toBe(200);

  const used = await use(token);
  expect([used.status, used.body]).toEqual([200, { userId: ada.id, name: 'Ada', email: ada.email }]);
  expect((await device.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  expect([(await signIn(ada, ada.password)).status, (await signIn(ada, fresh)).status]).toEqual([401, 200]);
  expect((await use(token, 'another lamp over water')).body.error?.code).toBe('wrong_credentials');
  expect((await personOf(token)).body.error?.code).toBe('wrong_credentials');
  const lines = await world.db.rows<{ line: string }>(
    `select actor_name || ' ' || action || ' ' || coalesce(reason, '') as line from audit_entries where target_id = $1 and action like 'password.%' order by id`,
    [ada.id],
  );
  expect(lines.map(({ line }) => line)).toEqual(['Adam password.reset forgot it', 'Ada password.changed ']);
});

test('with endAccess the old password and every device end before the link is used', async () => {
  const ben = await world.person('Ben');
  const device = visitor(world.origin);
  await device.signIn(ben);
  const { token, plan } = await linkFor(ben, adam, { endAccess: true });
  expect(plan!.counts).toEqual(
    expect.arrayContaining([
      { table: 'passwords', op: 'delete', count: 1 },
      { table: 'devices', op: 'update', count: 1 },
    ]),
  );
  expect((await device.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  expect((await signIn(ben, ben.password)).body.error?.code).toBe('wrong_credentials');
  expect((await use(token)).status).toBe(200);
  expect((await signIn(ben, fresh)).status).toBe(200);
});

test('a newer link, a changed password, a suspension or a day make a link worthless', async () => {
  const mei = await world.person('Mei');
  const dead = async (token: string) => (await use(token)).body.error?.code;
  const first = await linkFor(mei);
  const second = await linkFor(mei);
  expect(await dead(first.token)).toBe('wrong_credentials');

  const here = visitor(world.origin);
  await here.signIn(mei);
  await here.ask('POST', '/api/session/password', { current: mei.password, password: 'nine boats in a bottle' });
  expect(await dead(second.token)).toBe('wrong_credentials');

  const third = await linkFor(mei);
  await olga.act('suspendPeople', { ids: [mei.id] });
  expect(await dead(third.token)).toBe('wrong_credentials');
  await olga.act('reactivatePeople', { ids: [mei.id] });
  expect(await dead(third.token)).toBe('wrong_credentials');

  const fourth = await linkFor(mei);
  const release = holdClock(() => Date.now() + resetLifeMs + 1_000);
  const late = await Promise.all([use(fourth.token), personOf(fourth.token)]).finally(release);
  expect(late.map(({ body }) => body.error?.code)).toEqual(['wrong_credentials', 'wrong_credentials']);
  expect((await use(fourth.token)).status).toBe(200);
  for (const made of ['x', `${fourth.token}x`, '0'.repeat(43)])
    expect(await dead(made), made).toBe('wrong_credentials');
});

test('of many who use one link at once, one sets the password', async () => {
  const noor = await world.person('Noor');
  const { token } = await linkFor(noor);
  const words = Array.from({ length: 8 }, (_, n) => `${n} green kites over a hill`);
  const replies = await Promise.all(words.map((word) => use(token, word)));
  const won = replies.flatMap(({ status }, n) => (status === 200 ? [n] : []));
  expect(won).toHaveLength(1);
  expect((await signIn(noor, words[won[0]!]!)).status).toBe(200);
});

test('a link and the sign-in after it work while strangers keep the account limited', async () => {
  const tom = await world.person('Tom');
  for (let n = 0; n < 12; n++) await signIn(tom, 'a guess', visitor(world.origin, { address: `10.7.0.${n}` }));
  const browser = visitor(world.origin, { address: '10.8.0.1' });
  expect((await signIn(tom, tom.password, browser)).body.error?.code).toBe('limited');
  const { token } = await linkFor(tom);
  expect((await use(token, fresh, browser)).status).toBe(200);
  expect((await signIn(tom, fresh, browser)).status).toBe(200);
});

test('the rules hold, and a refused password does not spend the link', async () => {
  const ida = await world.person('Ida');
  const { token } = await linkFor(ida);
  expect((await use(token, 'short')).body.error?.code).toBe('password_short');
  expect((await use(token, 'ida@example.com-ida')).body.error?.code).toBe('password_context');
  expect((await use(token, 'aaaaaaaaaaaaaaaa')).body.error?.code).toMatch(/^password_(weak|leaked)$/);
  expect((await use('x'.repeat(101))).body.error?.code).toBe('malformed');
  expect((await use(token)).status).toBe(200);
});

test('refused: by weaker people, for oneself, and for accounts without a password', async () => {
  const [mia, owner] = [await world.person('Mia'), await world.person('Otto', { roles: ['owner'] })];
  const member = visitor(world.origin);
  await member.signIn(mia);
  expect((await linkFor(owner, member)).code).toBe('forbidden');
  const refused = await linkFor(owner, adam);
  expect([refused.code, refused.message]).toEqual([
    'forbidden',
    expect.stringMatching(/^Resetting the password of this person needs the permission/),
  ]);
  expect((await linkFor(await world.person('Audra', { roles: ['auditor'] }), adam)).code).toBe('forbidden');
  expect((await linkFor(owner, olga)).code).toBeUndefined();
  expect((await linkFor(await world.person('Adam'), adam)).code).toBe('conflict');
  expect((await linkFor(await world.person('Bot', { kind: 'bot' }), olga)).code).toBe('conflict');
  expect((await linkFor({ id: '00000000-0000-7000-8000-000000000000' }, olga)).code).toBe('not_found');

  const { done } = await olga.act('invitePerson', { name: 'New', email: 'new@example.com' });
  expect((await linkFor({ id: done!.resultId! }, olga)).code).toBe('conflict');
  await olga.act('suspendPeople', { ids: [mia.id] });
  expect((await linkFor(mia, olga)).code).toBe('conflict');
});

test('the link’s secret is in no row, no plan and no log', async () => {
  const { token, plan } = await linkFor(await world.person('Sam'));
  const [{ all }] = (await world.db.rows<{ all: string }>(
    `select json_agg(a)::text || (select json_agg(o)::text from outbox o) || (select json_agg(r)::text from password_resets r) as all from audit_entries a`,
  )) as [{ all: string }];
  for (const text of [all, JSON.stringify(plan), world.logged.join('')])
    expect(text.includes(token) || text.includes(Buffer.from(token).toString('hex'))).toBe(false);
});

test('guessing reset links is limited like guessing passwords', async () => {
  const strict = await openWorld({ env: { PARLEY_SIGN_INS_PER_MINUTE: '4' } });
  try {
    const codes = [];
    for (let n = 0; n < 3; n++)
      for (const [path, more] of [
        ['/api/password-reset/person', {}],
        ['/api/password-reset', { password: fresh }],
      ] as const)
        codes.push((await visitor(strict.origin).ask('POST', path, { token: `guess ${n}`, ...more })).body.error?.code);
    expect(codes).toEqual([...Array<string>(4).fill('wrong_credentials'), 'limited', 'limited']);
  } finally {
    await strict.close();
  }
});
