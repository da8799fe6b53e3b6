import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { networkOf } from '../doors/origin.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_TRUST_PROXY: '1', PARLEY_SIGN_INS_PER_MINUTE: '30' } });
});
afterAll(() => world.close());

let nextAddress = 0;
afterEach(() => void nextAddress++);
const address = (n: number) => `10.${nextAddress}.${n >> 8}.${n & 255}`;

const guess = (from: string, email: string, password = 'not the password') =>
  visitor(world.origin, { page: null, address: from }).ask('POST', '/api/session', { email, password, keep: 'body' });

test('a thousand addresses together have ten guesses at an account, and the right one is among the refused', async () => {
  const ada = await world.person('Ada');
  const outcomes: string[] = [];
  for (let n = 0; n < 1_000; n += 50) {
    const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(address(n + i), ada.email)));
    outcomes.push(...replies.map((reply) => reply.body.error!.code));
  }
  expect(outcomes.filter((code) => code === 'wrong_credentials')).toHaveLength(10);
  expect(outcomes.filter((code) => code === 'limited')).toHaveLength(990);
  const right = await guess(address(1_001), ada.email, ada.password);
  expect(right.body.error).toMatchObject({ code: 'limited', fault: 'nobodys', retryAfter: expect.any(Number) });
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('guesses at an account are counted together, however its address is written', async () => {
  const { id } = await world.person('Mehmet');
  await world.db.rows(`update users set email = 'İlker.Ärø@example.com' where id = $1`, [id]);
  const spellings = [
    'İlker.Ärø@example.com',
    'ilker.ÄRØ@EXAMPLE.com',
    ' İLKER.A\u0308rø@example.com ',
    'Ilker.ärØ@example.com',
  ];
  const codes: string[] = [];
  for (let n = 0; n < 12; n++) codes.push((await guess(address(n), spellings[n % 4]!)).body.error!.code);
  expect(codes).toEqual([...Array<string>(10).fill('wrong_credentials'), 'limited', 'limited']);
});

test('meanwhile the person still signs in from the browser they have used before; a stranger’s made-up mark helps nobody', async () => {
  const ben = await world.person('Ben');
  const home = visitor(world.origin, { address: address(500) });
  await home.signIn(ben);
  for (let n = 0; n < 12; n++) await guess(address(n), ben.email);
  expect((await guess(address(99), ben.email, ben.password)).body.error?.code).toBe('limited');
  await home.signIn(ben);

  const mark = home.cookies.get('parley_known')!;
  const lin = await world.person('Lin');
  const linsBrowser = visitor(world.origin, { address: address(501) });
  await linsBrowser.signIn(lin);
  for (const forged of [
    linsBrowser.cookies.get('parley_known')!,
    mark.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    mark.split('.').slice(0, 2).join('.'),
    'x'.repeat(3_000),
  ]) {
    const stranger = visitor(world.origin, { address: address(502) });
    stranger.cookies.set('parley_known', forged);
    expect(
      (await stranger.ask('POST', '/api/session', { email: ben.email, password: ben.password })).body.error?.code,
    ).toBe('limited');
  }
});

test('a known browser has ten wrong guesses of its own, not more', async () => {
  const mei = await world.person('Mei');
  const home = visitor(world.origin, { address: address(1) });
  await home.signIn(mei);
  const codes = [];
  for (let n = 0; n < 12; n++)
    codes.push((await home.ask('POST', '/api/session', { email: mei.email, password: 'forgotten' })).body.error!.code);
  expect(codes).toEqual([...Array<string>(10).fill('wrong_credentials'), 'limited', 'limited']);
});

test('a new password makes old marks worthless', async () => {
  const noor = await world.person('Noor');
  const home = visitor(world.origin, { address: address(1) });
  await home.signIn(noor);
  await world.db.rows(`update passwords set changed_at = now() + interval '1 second' where user_id = $1`, [noor.id]);
  for (let n = 0; n < 11; n++) await guess(address(2 + n), noor.email);
  expect(
    (await home.ask('POST', '/api/session', { email: noor.email, password: noor.password })).body.error?.code,
  ).toBe('limited');
});

test('one address has five guesses at an account; guesses sent at once do not slip through together', async () => {
  const ola = await world.person('Ola');
  const replies = await Promise.all(Array.from({ length: 20 }, () => guess(address(1), ola.email)));
  expect(replies.filter((reply) => reply.body.error?.code === 'wrong_credentials')).toHaveLength(5);
  // From elsewhere the person comes in all the same: one address cannot use up everybody's guesses.
  expect((await guess(address(2), ola.email, ola.password)).status).toBe(200);
});

test('an account that does not exist is limited alike', async () => {
  const codes = [];
  for (let n = 0; n < 12; n++) codes.push((await guess(address(n), 'nobody@example.com')).body.error!.code);
  expect(codes).toEqual([...Array<string>(10).fill('wrong_credentials'), 'limited', 'limited']);
});

test('one address has thirty attempts a minute, whatever accounts it names', async () => {
  const codes = [];
  for (let n = 0; n < 32; n++) codes.push((await guess(address(1), `nobody-${n}@example.com`)).body.error!.code);
  expect(codes).toEqual([...Array<string>(30).fill('wrong_credentials'), 'limited', 'limited']);
});

test('strangers who used up an address do not keep a known browser there out', async () => {
  const ron = await world.person('Ron');
  const home = visitor(world.origin, { address: address(1) });
  await home.signIn(ron);
  const codes = [];
  for (let n = 0; n < 31; n++) codes.push((await guess(address(1), `nobody-${n}@example.com`)).body.error!.code);
  expect(codes.at(-1)).toBe('limited');
  await home.signIn(ron);
  // The right password alone, from a browser the account does not know, waits like everybody there.
  expect((await guess(address(1), ron.email, ron.password)).body.error?.code).toBe('limited');
  // The mark of another account does not count for this one.
  const stranger = visitor(world.origin, { address: address(1) });
  stranger.cookies.set('parley_known', home.cookies.get('parley_known')!);
  expect(
    (await stranger.ask('POST', '/api/session', { email: 'nobody@example.com', password: 'x' })).body.error?.code,
  ).toBe('limited');
});

test.each(['/api/invitation', '/api/set-up', '/api/session'])(
  'strangers who use up %s at an address leave the other routes alone',
  async (route) => {
    const sam = await world.person('Sam');
    const body = {
      '/api/invitation': { token: 'a guess', password: 'a long enough password' },
      '/api/set-up': { code: 'x', name: 'X', email: 'x@example.com', password: 'a long enough one', organisation: 'X' },
      '/api/session': { email: 'nobody@example.com', password: 'x' },
    }[route];
    const ask = (path: string, said: unknown) =>
      visitor(world.origin, { page: null, address: address(1) }).ask('POST', path, said);
    const used = [];
    for (let n = 0; n < 31; n++) used.push((await ask(route, body)).body.error!.code);
    expect(used.at(-1)).toBe('limited');
    const other = route === '/api/session' ? 'invitation' : 'session';
    const reply =
      other === 'session'
        ? await guess(address(1), sam.email, sam.password)
        : await ask('/api/invitation', { token: 'a guess', password: 'a long enough password' });
    expect(reply.body.error?.code ?? 'ok').toBe(other === 'session' ? 'ok' : 'wrong_credentials');
  },
);

test('sixty people of one office sign in at the same moment', async () => {
  const people = await Promise.all(Array.from({ length: 60 }, (_, n) => world.person(`Colleague ${n}`)));
  const replies = await Promise.all(people.map((one) => guess(address(1), one.email, one.password)));
  expect(replies.map(({ status }) => status)).toEqual(Array(60).fill(200));
});

test('signing in rightly is never charged', async () => {
  const pia = await world.person('Pia');
  for (let n = 0; n < 20; n++) expect((await guess(address(1), pia.email, pia.password)).status).toBe(200);
});

test('networks, as limits count them', () => {
  expect(
    [
      '10.0.0.1',
      '::ffff:10.0.0.1',
      '2001:db8:0:1::5',
      '2001:0db8:0000:0001:ffff::',
      '::1',
      'fe80::1%eth0',
      'unknown',
    ].map(networkOf),
  ).toEqual(['10.0.0.1', '10.0.0.1', '2001:db8:0:1', '2001:db8:0:1', '0:0:0:0', 'fe80:0:0:0', 'unknown']);
});
