import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Session } from '@parley/protocol/identity.ts';
import { holdClock } from '../kernel/clock.ts';
import { writeBursts } from '../kernel/refusals.ts';
import { socketWith, until } from '../testing/client.ts';
import { visitor, type Reply, type Visitor } from '../testing/http.ts';
import { statementsOf } from '../testing/statements.ts';
import { openWorld, type World } from '../testing/world.ts';
import { dayMs } from './devices.ts';
import { sessionJobs } from './session-jobs.ts';

let world: World;
let letGo = () => {};
beforeAll(async () => {
  world = await openWorld();
});
afterEach(() => letGo());
afterAll(() => world.close());

/** Moves the server's clock on by so many milliseconds, from now. */
function later(ms: number): void {
  letGo();
  letGo = holdClock(() => Date.now() + ms);
}

const auditOf = (action: string, name: string) =>
  world.db.rows<{ outcome: string; reason: string | null; after: Record<string, unknown> | null; actor: string }>(
    `select outcome, reason, after, actor_name as actor from audit_entries where action = $1 and (target_name = $2 or after ->> 'userId' = (select id::text from users where name = $2)) order by id`,
    [action, name],
  );

const exchange = (who: Visitor, refreshToken: string) => who.ask('POST', '/api/session/refresh', { refreshToken });
const tokenOf = (reply: Reply) => (reply.body as unknown as Session).refreshToken!;

async function programOf(name: string): Promise<{ who: Visitor; session: Session; first: string }> {
  const who = visitor(world.origin, { page: null });
  const session = await who.signIn(await world.person(name), { keep: 'body' });
  return { who, session, first: session.refreshToken! };
}

test('a person signs in, is who they are, and the sign-in is audited', async () => {
  const { who, session } = await programOf('Ada');
  const me = await who.ask('GET', '/api/me');
  expect(me.body).toMatchObject({
    id: session.userId,
    name: 'Ada',
    kind: 'person',
    permissions: expect.arrayContaining(['messages.send']),
  });
  expect(me.body).not.toHaveProperty('email');
  expect(await auditOf('session.started', 'Ada')).toMatchObject([
    { outcome: 'done', actor: 'Ada', after: { deviceId: session.deviceId } },
  ]);
});

test('a wrong password and an account that does not exist are the same answer, and both are audited without what was typed', async () => {
  const ada = await world.person('Ada');
  const stranger = visitor(world.origin, { page: null });
  const wrong = await stranger.ask('POST', '/api/session', { email: ada.email, password: 'canary-wrong-password' });
  const unknown = await stranger.ask('POST', '/api/session', {
    email: 'canary-nobody@example.com',
    password: 'canary-wrong-password',
  });
  const told = ({ status, body }: Reply) => ({ status, ...body.error, requestId: undefined });
  expect(told(wrong)).toEqual(told(unknown));
  expect(wrong.body.error?.code).toBe('wrong_credentials');
  expect(await auditOf('session.started', 'Ada')).toContainEqual(
    expect.objectContaining({ outcome: 'refused', reason: 'wrong password', actor: 'stranger' }),
  );
  expect(
    await world.db.rows(`select from audit_entries where reason = 'wrong password: no such account'`),
  ).toHaveLength(1);
  expect(await world.db.rows(`select from audit_entries e where e::text like '%canary%'`)).toHaveLength(0);
});

test('e-mail addresses are found whatever their case; bots cannot sign in', async () => {
  const ada = await world.person('Ada');
  await visitor(world.origin).signIn({ ...ada, email: ada.email.toUpperCase() });
  const bot = await world.person('Botty', { kind: 'bot' });
  expect(
    (await visitor(world.origin).ask('POST', '/api/session', { email: bot.email, password: bot.password })).body.error
      ?.code,
  ).toBe('wrong_credentials');
});

test('a browser’s refresh token is a cookie scripts cannot read, and changes at every use', async () => {
  const browser = visitor(world.origin);
  const reply = await browser.ask('POST', '/api/session', {
    ...(await world.person('Ada')),
    id: undefined,
    name: undefined,
  });
  expect(reply.body).not.toHaveProperty('refreshToken');
  const cookie = reply.headers.getSetCookie().find((one) => one.startsWith('parley_refresh='))!;
  expect(cookie).toMatch(/; Path=\/api\/session;.*HttpOnly; SameSite=Strict/);
  const before = browser.cookies.get('parley_refresh');
  const refreshed = await browser.ask('POST', '/api/session/refresh');
  expect(refreshed.status).toBe(200);
  expect(refreshed.body).not.toHaveProperty('refreshToken');
  expect(browser.cookies.get('parley_refresh')).not.toBe(before);
});

test('a cookie counts only for a page of ours', async () => {
  const browser = visitor(world.origin);
  await browser.signIn(await world.person('Ada'));
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${world.origin}.evil.example` },
  ]) {
    expect(
      (await browser.ask('POST', '/api/session/refresh', undefined, headers as Record<string, string>)).body.error
        ?.code,
      JSON.stringify(headers),
    ).toBe('forbidden');
  }
  const silent = visitor(world.origin, { page: null });
  silent.cookies.set('parley_refresh', browser.cookies.get('parley_refresh')!);
  expect((await silent.ask('POST', '/api/session/refresh')).body.error?.code).toBe('forbidden');
  expect((await browser.ask('POST', '/api/session/refresh')).status).toBe(200);
});

test('a lost answer and a second tab get the same successor and stay signed in', async () => {
  const { who, session, first } = await programOf('Lin');
  // Held still until several tabs stand before the same row, so that they truly meet there.
  const holder = await world.db.client('test');
  await holder.query('begin');
  await holder.query('select from devices where id = $1 for update', [session.deviceId]);
  const asked = Promise.all(Array.from({ length: 8 }, () => exchange(who, first)));
  await until(
    async () =>
      (
        await world.db.rows(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
      ).length >= 4,
    'tabs to wait',
  );
  await holder.query('commit');
  await holder.end();
  const tabs = await asked;
  expect(tabs.map(({ status }) => status)).toEqual(Array(8).fill(200));
  const [second] = tabs.map(tokenOf);
  expect(new Set(tabs.map(tokenOf))).toEqual(new Set([second]));
  expect((await exchange(who, second!)).status).toBe(200);
});

test('a refresh whose answer was lost is answered alike after a night, and audited', async () => {
  const { who, session, first } = await programOf('Lena');
  const second = tokenOf(await exchange(who, first));
  // The old access token is no use of the successor.
  expect((await who.ask('GET', '/api/me')).status).toBe(200);
  later(14 * 3_600_000);
  expect(tokenOf(await exchange(who, first))).toBe(second);
  expect(await auditOf('session.refresh_repeated', 'Lena')).toMatchObject([
    { outcome: 'done', actor: 'session keeper', after: { userId: session.userId } },
  ]);
  const third = tokenOf(await exchange(who, second));
  expect((await exchange(who, third)).status).toBe(200);
});

test('a lost answer is forgiven at every refresh, also after successors were used', async () => {
  const { who, first } = await programOf('Leon');
  const used = (await exchange(who, first)).body as unknown as Session;
  await who.ask('GET', '/api/me', undefined, { authorization: `Bearer ${used.accessToken}` });
  const third = tokenOf(await exchange(who, used.refreshToken!));
  later(14 * 3_600_000);
  expect(tokenOf(await exchange(who, used.refreshToken!))).toBe(third);
});

test('using an access token from before a refresh never counts as use of the successor', async () => {
  const { who, session, first } = await programOf('Lotte');
  const second = tokenOf(await exchange(who, first));
  for (let n = 0; n < 3; n++) await who.ask('GET', '/api/me');
  const [row] = await world.db.rows<{ used: boolean }>(
    'select successor_used_at is not null as used from devices where id = $1',
    [session.deviceId],
  );
  expect(row?.used).toBe(false);
  later(60_000);
  expect(tokenOf(await exchange(who, first))).toBe(second);
});

test('second answers to a refresh are counted exactly in audit and device list', async () => {
  const { who, first } = await programOf('Lorenz');
  const reply = await exchange(who, first);
  for (let n = 0; n < 7; n++) await exchange(who, first);
  await writeBursts(world.app.house, true);
  const [lines] = await world.db.rows<{ lines: number; total: number }>(
    `select count(*)::int as lines, sum(count)::int as total from audit_entries where action = 'session.refresh_repeated' and after ->> 'userId' = $1`,
    [(reply.body as unknown as Session).userId],
  );
  expect(lines).toEqual({ lines: 2, total: 7 });
  const { accessToken } = reply.body as unknown as Session;
  const listed = await who.ask('GET', '/api/session/devices', undefined, { authorization: `Bearer ${accessToken}` });
  expect((listed.body as unknown as { devices: unknown[] }).devices).toMatchObject([
    { refreshRepeats: 7, refreshRepeatedAt: expect.any(Number), refreshRepeatedFrom: '127.0.0.1', bound: false },
  ]);
});

/** Three doors at which an access token can be used. */
const uses: [string, (token: string) => Promise<unknown>][] = [
  ['REST', (token) => visitor(world.origin, { page: null, token }).ask('GET', '/api/me')],
  ['GraphQL', (token) => visitor(world.origin, { page: null, token }).graphql('{ me { id } }')],
  [
    'the socket',
    async (token) => {
      const socket = socketWith(world.origin, token);
      await once(socket as never, 'connect');
      socket.disconnect();
    },
  ],
];

test.each(uses)('once its successor was used through %s, a token is spent after ten seconds', async (door, use) => {
  const name = `Nora ${door}`;
  const { who, first } = await programOf(name);
  const reply = await exchange(who, first);
  await use((reply.body as unknown as Session).accessToken);
  later(9_000);
  expect((await exchange(who, first)).status).toBe(200);
  later(11_000);
  expect((await exchange(who, first)).body.error?.code).toBe('session_ended');
  expect((await exchange(who, tokenOf(reply))).body.error?.code).toBe('session_ended');
  expect(await auditOf('session.ended', name)).toMatchObject([
    { after: { because: 'a spent refresh token was presented' } },
  ]);
});

test('the use of a successor is written once, and forgotten by no restart', async () => {
  const { who, session, first } = await programOf('Nils');
  const { accessToken } = (await exchange(who, first)).body as unknown as Session;
  const use = () => who.ask('GET', '/api/me', undefined, { authorization: `Bearer ${accessToken}` });
  const { statements } = await statementsOf(async () => {
    for (let n = 0; n < 5; n++) await use();
  });
  expect(statements.filter(({ text }) => /update devices/.test(text))).toHaveLength(1);
  const [row] = await world.db.rows<{ used: boolean }>(
    'select successor_used_at is not null as used from devices where id = $1',
    [session.deviceId],
  );
  expect(row?.used).toBe(true);
});

test('a spent token whose successor was used ends the device: audited, its access and its socket gone at once', async () => {
  const device = await world.device('Mei');
  const who = visitor(world.origin, { page: null });
  const first = device.session.refreshToken!;
  const second = tokenOf(await exchange(who, first));
  const third = tokenOf(await exchange(who, second));
  expect((await device.fetch('/api/me')).status).toBe(200);
  expect((await exchange(who, first)).body.error?.code).toBe('session_ended');
  expect((await exchange(who, third)).body.error?.code).toBe('session_ended');
  const refused = (await (await device.fetch('/api/me')).json()) as Reply['body'];
  expect(refused.error?.code).toBe('session_ended');
  await until(() => device.socket?.connected === false, 'the socket to close');
  expect(device.others).toContainEqual({ event: 'bye', payload: expect.objectContaining({ code: 'session_ended' }) });
  expect(await auditOf('session.ended', 'Mei')).toMatchObject([
    { outcome: 'done', actor: 'session keeper', after: { because: 'a spent refresh token was presented' } },
  ]);
});

test('a made-up token ends nothing, though it names a living device', async () => {
  const { who, session, first } = await programOf('Ola');
  const [deviceId, secret, seal] = first.split('.') as [string, string, string];
  const others = [
    `${deviceId}.${'A'.repeat(43)}.${seal}`,
    `${deviceId}.${secret}.${'A'.repeat(22)}`,
    `${session.userId}.${secret}.${seal}`,
    deviceId,
    '..',
    `${first}x`,
    `${first}.`,
    ' ',
  ];
  for (const token of others) expect((await exchange(who, token)).body.error?.code, token).toBe('unauthenticated');
  expect((await exchange(who, first)).status).toBe(200);
});

test('a device that was away for more than thirty days signs in anew', async () => {
  const { who, first } = await programOf('Pia');
  later(31 * 24 * 3_600_000);
  expect((await exchange(who, first)).body.error?.code).toBe('session_ended');
  letGo();
  expect((await exchange(who, first)).body.error?.code).toBe('session_ended');
});

/** The refresh tokens of a device that refreshed once a day for so many days. */
async function daily(who: Visitor, first: string, days: number): Promise<string> {
  let token = first;
  for (let day = 1; day <= days; day++) {
    later(day * dayMs);
    token = tokenOf(await exchange(who, token));
  }
  return token;
}

test('a device signs in anew after the days of the setting, however busy it was', async () => {
  await world.db.rows(`insert into settings (name, value) values ('sessionDays', '3')`);
  try {
    const { who, first } = await programOf('Paul');
    const token = await daily(who, first, 2);
    later(3 * dayMs + 60_000);
    expect((await exchange(who, token)).body.error?.code).toBe('session_ended');
    expect(await auditOf('session.ended', 'Paul')).toMatchObject([
      { outcome: 'done', after: { because: 'signed in more than 3 days ago' } },
    ]);
  } finally {
    await world.db.rows(`delete from settings where name = 'sessionDays'`);
  }
});

test('without the setting a session lives 180 days', async () => {
  const { who, session, first } = await programOf('Petra');
  const age = (days: number) =>
    world.db.rows(`update devices set created_at = now() - $2 * interval '1 day' where id = $1`, [
      session.deviceId,
      days,
    ]);
  await age(179.9);
  const second = tokenOf(await exchange(who, first));
  await age(180.1);
  expect((await exchange(who, second)).body.error?.code).toBe('session_ended');
});

test('a connection that stays open is closed when its device is too old or was unused', async () => {
  const [old, idle, fresh] = [await world.device('Quentin'), await world.device('Quirin'), await world.device('Quinn')];
  await world.db.rows(`update devices set created_at = now() - interval '181 days' where id = $1`, [
    old!.session.deviceId,
  ]);
  await world.db.rows(`update devices set rotated_at = now() - interval '31 days' where id = $1`, [
    idle!.session.deviceId,
  ]);
  await sessionJobs(world.app.house)['sessions-end-old']!({});
  await until(() => !old!.socket!.connected && !idle!.socket!.connected, 'the sockets to close');
  expect(fresh!.socket!.connected).toBe(true);
  expect(await auditOf('session.ended', 'Quentin')).toMatchObject([
    { after: { because: 'signed in more than 180 days ago' } },
  ]);
  expect(await auditOf('session.ended', 'Quirin')).toMatchObject([{ after: { because: 'unused for 30 days' } }]);
});

test('an access token is good for ten minutes, and only one that we signed', async () => {
  const { who, session } = await programOf('Qi');
  later(599_000);
  expect((await who.ask('GET', '/api/me')).status).toBe(200);
  later(601_000);
  expect((await who.ask('GET', '/api/me')).body.error?.code).toBe('unauthenticated');
  letGo();
  const [head, claims, signature] = session.accessToken.split('.') as [string, string, string];
  const as = (object: unknown) => Buffer.from(JSON.stringify(object)).toString('base64url');
  const forged = [
    `${as({ alg: 'none' })}.${claims}.`,
    `${as({ alg: 'HS512', typ: 'at+jwt' })}.${claims}.${signature}`,
    `${head}.${as({ sub: session.userId, dev: session.deviceId, iss: 'parley', exp: 9e9 })}.${signature}`,
  ];
  for (const token of forged)
    expect((await who.ask('GET', '/api/me', undefined, { authorization: `Bearer ${token}` })).body.error?.code).toBe(
      'unauthenticated',
    );
  for (const header of ['Bearer', 'Basic YTpi', `Bearer ${session.accessToken} x`, `Bearer ${'a'.repeat(5_000)}`, '']) {
    expect((await who.ask('GET', '/api/me', undefined, { authorization: header })).status, header).toBe(401);
  }
});

test('signing out ends the device; doing it again, or without a session, is no error', async () => {
  const browser = visitor(world.origin);
  const session = await browser.signIn(await world.person('Ada'));
  const token = browser.cookies.get('parley_refresh')!;
  const reply = await browser.ask('DELETE', '/api/session');
  expect(reply.status).toBe(204);
  expect(browser.cookies.has('parley_refresh')).toBe(false);
  expect((await browser.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  browser.cookies.set('parley_refresh', token);
  expect((await browser.ask('POST', '/api/session/refresh')).body.error?.code).toBe('session_ended');
  expect((await browser.ask('DELETE', '/api/session')).status).toBe(204);
  expect((await visitor(world.origin).ask('DELETE', '/api/session')).status).toBe(204);
  const [row] = await world.db.rows<{ because: string }>('select ended_because as because from devices where id = $1', [
    session.deviceId,
  ]);
  expect(row?.because).toBe('signed out');
});

test('signing out works with the cookie alone, when the access token has expired', async () => {
  const browser = visitor(world.origin);
  const session = await browser.signIn(await world.person('Ada'));
  later(601_000);
  expect((await browser.ask('DELETE', '/api/session')).status).toBe(204);
  const [row] = await world.db.rows<{ ended: boolean }>(
    'select ended_at is not null as ended from devices where id = $1',
    [session.deviceId],
  );
  expect(row?.ended).toBe(true);
});

test('everybody sees and ends their own devices; another’s device does not exist for them', async () => {
  const one = await programOf('Rui');
  const two = await programOf('Rui');
  const listed = (await one.who.ask('GET', '/api/session/devices')).body as unknown as {
    devices: { id: string; current: boolean }[];
  };
  expect(listed.devices.map(({ id, current }) => [id, current])).toEqual([
    [two.session.deviceId, false],
    [one.session.deviceId, true],
  ]);
  expect(JSON.stringify(listed)).not.toMatch(/hash/i);
  const ben = await programOf('Ben');
  expect((await ben.who.ask('DELETE', `/api/session/devices/${one.session.deviceId}`)).body.error?.code).toBe(
    'not_found',
  );
  expect((await one.who.ask('DELETE', `/api/session/devices/${two.session.deviceId}`)).status).toBe(204);
  expect((await two.who.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  expect((await one.who.ask('GET', '/api/me')).status).toBe(200);
});

test('an auditor sees devices but ends none, and the attempt is audited; an administrator ends them', async () => {
  const victim = await programOf('Sam');
  const path = `/api/session/devices/${victim.session.deviceId}`;
  const auditor = visitor(world.origin);
  await auditor.signIn(await world.person('Olga', { roles: ['auditor'] }));
  expect((await auditor.ask('DELETE', path)).body.error?.code).toBe('forbidden');
  expect(
    await world.db.rows(
      `select from audit_entries where outcome = 'refused' and actor_name = 'Olga' and action like 'DELETE %'`,
    ),
  ).toHaveLength(1);
  const admin = visitor(world.origin);
  await admin.signIn(await world.person('Adam', { roles: ['administrator'] }));
  expect((await admin.ask('DELETE', path, { reason: 'lost in a taxi' })).status).toBe(204);
  expect((await victim.who.ask('GET', '/api/me')).body.error?.code).toBe('session_ended');
  expect(await auditOf('session.ended', 'Sam')).toMatchObject([{ actor: 'Adam', reason: 'lost in a taxi' }]);
});

test('nobody keeps more than a hundred devices: the one idle longest is ended', async () => {
  const tom = await world.person('Tom');
  await world.db.rows(
    `insert into devices (id, user_id, name, refresh_hash, last_seen_at) select gen_random_uuid(), $1, 'old ' || n, sha256(n::text::bytea), now() - interval '1 day' - n * interval '1 minute' from generate_series(1, 100) n`,
    [tom.id],
  );
  await visitor(world.origin).signIn(tom);
  const left = await world.db.rows<{ name: string }>(
    'select name from devices where user_id = $1 and ended_at is null',
    [tom.id],
  );
  expect(left).toHaveLength(100);
  expect(left.map(({ name }) => name)).not.toContain('old 100');
});

test('nothing stored is a token or a password', async () => {
  const { session, first } = await programOf('Uma');
  const stored = await world.db.rows<{ row: string }>(
    `select d::text as row from devices d union all select p::text from passwords p union all select o::text from outbox o union all select a::text from audit_entries a`,
  );
  const all = stored.map(({ row }) => row).join('\n');
  for (const secret of [first, first.split('.')[1]!, session.accessToken, 'quiet lantern'])
    expect(all).not.toContain(secret);
  expect(all).toContain('$argon2id$');
});
