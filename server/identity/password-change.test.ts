import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_TRUST_PROXY: '1' } });
});
afterAll(() => world.close());

type Person = Awaited<ReturnType<World['person']>>;
let addresses = 0;
async function browserOf(person: Person): Promise<Visitor> {
  const who = visitor(world.origin, { address: `10.1.0.${++addresses}` });
  await who.signIn(person);
  return who;
}
const fresh = 'seven lamps over water';
const change = (who: Visitor, more: Record<string, unknown>) => who.ask('POST', '/api/session/password', more);
const codeOf = async (reply: ReturnType<typeof change>) => (await reply).body.error?.code;
const livesOf = async (who: Visitor) => (await who.ask('GET', '/api/me')).status === 200;
const signsIn = async (person: Person, password: string) =>
  (await visitor(world.origin).ask('POST', '/api/session', { email: person.email, password })).status === 200;
const linesOf = (person: Person) =>
  world.db.rows<{ outcome: string; reason: string | null; actor: string }>(
    `select outcome, reason, actor_name as actor from audit_entries where action = 'password.changed' and target_id = $1 order by id`,
    [person.id],
  );

test('a changed password: only the new one signs in, this device stays, others end', async () => {
  const ada = await world.person('Ada');
  const [here, there] = [await browserOf(ada), await browserOf(ada)];
  expect((await change(here, { current: ada.password, password: fresh })).status).toBe(204);
  expect([await livesOf(here), await livesOf(there)]).toEqual([true, false]);
  expect((await here.ask('POST', '/api/session/refresh', {})).status).toBe(200);
  expect([await signsIn(ada, ada.password), await signsIn(ada, fresh)]).toEqual([false, true]);
  expect(await linesOf(ada)).toEqual([{ outcome: 'done', reason: null, actor: 'Ada' }]);
  const events = await world.db.rows(
    `select from outbox where type = 'password.changed' and payload ->> 'userId' = $1`,
    [ada.id],
  );
  expect(events).toHaveLength(1);
});

test('other devices stay when the person asks for it', async () => {
  const ben = await world.person('Ben');
  const [here, there] = [await browserOf(ben), await browserOf(ben)];
  expect((await change(here, { current: ben.password, password: fresh, endOthers: false })).status).toBe(204);
  expect([await livesOf(here), await livesOf(there)]).toEqual([true, true]);
});

test('a wrong current password changes nothing, is audited, and is limited by device', async () => {
  const mei = await world.person('Mei');
  const [thief, home] = [await browserOf(mei), await browserOf(mei)];
  const codes: (string | undefined)[] = [];
  for (let n = 0; n < 12; n++) codes.push(await codeOf(change(thief, { current: `guess ${n}`, password: fresh })));
  expect(codes).toEqual([...Array<string>(10).fill('wrong_credentials'), 'limited', 'limited']);
  expect(await codeOf(change(thief, { current: mei.password, password: fresh }))).toBe('limited');
  const lines = await linesOf(mei);
  expect(lines).toHaveLength(10);
  expect(new Set(lines.map((line) => JSON.stringify(line)))).toEqual(
    new Set([JSON.stringify({ outcome: 'refused', reason: 'wrong password', actor: 'Mei' })]),
  );
  expect(await signsIn(mei, mei.password)).toBe(true);
  // The person's own device has attempts of its own.
  expect((await change(home, { current: mei.password, password: fresh })).status).toBe(204);
});

test('the new password keeps the rules, and is not the current one', async () => {
  const lin = await world.person('Lin');
  const here = await browserOf(lin);
  const to = (password: unknown) => codeOf(change(here, { current: lin.password, password }));
  expect(await to('short')).toBe('password_short');
  expect(await to('lin@example.com lin')).toBe('password_context');
  expect(await to('passwordpassword')).toBe('password_leaked');
  expect(await to(lin.password)).toBe('conflict');
  expect(await to('')).toBe('malformed');
  expect(await to('x'.repeat(1_025))).toBe('malformed');
  expect(await to('\ud800'.repeat(20))).toBe('malformed');
  expect(await signsIn(lin, lin.password)).toBe(true);
});

test('strangers, suspended people and ended devices change nothing', async () => {
  const tom = await world.person('Tom');
  expect(await codeOf(change(visitor(world.origin), { current: tom.password, password: fresh }))).toBe(
    'unauthenticated',
  );
  const ended = await browserOf(tom);
  const other = await browserOf(tom);
  expect((await other.ask('DELETE', '/api/session/devices', { keepThis: true })).status).toBe(204);
  expect(await codeOf(change(ended, { current: tom.password, password: fresh }))).toBe('session_ended');
  await world.db.rows(`update users set status = 'suspended' where id = $1`, [tom.id]);
  expect(await codeOf(change(other, { current: tom.password, password: fresh }))).toBe('suspended');
  await world.db.rows(`update users set status = 'active' where id = $1`, [tom.id]);
  expect(await signsIn(tom, tom.password)).toBe(true);
});

test('of many changes at once one is done, and its password is the one that signs in', async () => {
  const noor = await world.person('Noor');
  const devices = await Promise.all(Array.from({ length: 6 }, () => browserOf(noor)));
  const words = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord'].map((word) => `${word} under a grey moon`);
  const replies = await Promise.all(
    devices.map((who, n) => change(who, { current: noor.password, password: words[n], endOthers: false })),
  );
  const won = replies.flatMap(({ status }, n) => (status === 204 ? [n] : []));
  expect(won).toHaveLength(1);
  expect(replies.flatMap(({ body }) => body.error?.code ?? [])).toEqual(
    expect.arrayContaining(Array<unknown>(5).fill(expect.stringMatching(/^(conflict|wrong_credentials)$/))),
  );
  expect(await signsIn(noor, words[won[0]!]!)).toBe(true);
});

test('a renewed known-device mark: strangers’ guesses do not lock this browser out', async () => {
  const ida = await world.person('Ida');
  const here = await browserOf(ida);
  const before = here.cookies.get('parley_known');
  await change(here, { current: ida.password, password: fresh });
  expect(here.cookies.get('parley_known')).not.toBe(before);
  for (let n = 0; n < 11; n++)
    await visitor(world.origin, { address: `10.9.0.${n}` }).ask('POST', '/api/session', {
      email: ida.email,
      password: 'a guess',
    });
  expect(await signsIn(ida, fresh)).toBe(false);
  await here.signIn({ email: ida.email, password: fresh });
});

test('signing out everywhere ends every own device and no one else’s, each audited', async () => {
  const [eva, jon] = [await world.person('Eva'), await world.person('Jon')];
  const [here, there, other] = [await browserOf(eva), await browserOf(eva), await browserOf(jon)];
  expect((await here.ask('DELETE', '/api/session/devices', { keepThis: true })).status).toBe(204);
  expect([await livesOf(here), await livesOf(there), await livesOf(other)]).toEqual([true, false, true]);
  const third = await browserOf(eva);
  expect((await here.ask('DELETE', '/api/session/devices', {})).status).toBe(204);
  expect([await livesOf(here), await livesOf(third), await livesOf(other)]).toEqual([false, false, true]);
  expect(here.cookies.get('parley_refresh') ?? '').toBe('');
  const lines = await world.db.rows(
    `select actor_name as actor from audit_entries where action = 'session.ended' and after ->> 'userId' = $1 and after ->> 'because' = 'signed out everywhere'`,
    [eva.id],
  );
  expect(lines).toEqual([{ actor: 'Eva' }, { actor: 'Eva' }, { actor: 'Eva' }]);
  expect((await visitor(world.origin).ask('DELETE', '/api/session/devices', {})).body.error?.code).toBe(
    'unauthenticated',
  );
});
