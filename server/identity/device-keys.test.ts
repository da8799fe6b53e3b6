import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as fc from 'fast-check';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Refusal } from '@parley/protocol/errors.ts';
import type { Session } from '@parley/protocol/identity.ts';
import { holdClock } from '../kernel/clock.ts';
import { writeBursts } from '../kernel/refusals.ts';
import { until } from '../testing/client.ts';
import { visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Devices bound to a key (RFC 9449): what the rightful device can do, and that a copied token can do nothing.
 */

let world: World;
let letGo = () => {};
beforeAll(async () => {
  world = await openWorld();
});
afterEach(() => letGo());
afterAll(() => world.close());

function later(ms: number): void {
  letGo();
  letGo = holdClock(() => Date.now() + ms);
}

const nonce = async () => (await fetch(`${world.origin}/api/status`)).headers.get('dpop-nonce')!;
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

type Key = { privateKey: CryptoKey; jwk: JWK; thumbprint: string };
async function newKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

type Parts = { header?: Record<string, unknown>; claims?: Record<string, unknown> };

/** A proof for a request; `parts` replace what is right in it (undefined leaves out). */
async function proofOf(
  { privateKey, jwk }: Key,
  method: string,
  path: string,
  { header = {}, claims = {} }: Parts = {},
): Promise<string> {
  return new SignJWT({
    htm: method,
    htu: world.origin + path,
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1_000),
    nonce: await nonce(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(privateKey);
}

/** A device of a person that signed in with a key. */
async function boundDevice(name: string) {
  const person = await world.person(name);
  const key = await newKey();
  const reply = await ask('POST', '/api/session', await proofOf(key, 'POST', '/api/session'), {
    email: person.email,
    password: person.password,
    device: `${name}’s laptop`,
    keep: 'body',
  });
  expect(reply.status).toBe(200);
  return { key, session: reply.body as unknown as Session };
}

async function ask(method: string, path: string, proof?: string, body?: unknown, token?: string) {
  const headers: Record<string, string> = {};
  if (proof !== undefined) headers['dpop'] = proof;
  if (token !== undefined) headers['authorization'] = `DPoP ${token}`;
  return visitor(world.origin, { page: null }).ask(method, path, body, headers);
}

const refreshPath = '/api/session/refresh';
const refresh = async (key: Key | null, refreshToken: string, parts?: Parts) =>
  ask('POST', refreshPath, key ? await proofOf(key, 'POST', refreshPath, parts) : undefined, { refreshToken });
const me = async (key: Key, accessToken: string, parts: Parts = {}) =>
  ask(
    'GET',
    '/api/me',
    await proofOf(key, 'GET', '/api/me', { ...parts, claims: { ath: hashOf(accessToken), ...parts.claims } }),
    undefined,
    accessToken,
  );

async function connect(token: string, dpop?: string): Promise<'connected' | Refusal> {
  const socket = io(world.origin, {
    transports: ['websocket'],
    auth: { token, ...(dpop === undefined ? {} : { dpop }) },
    forceNew: true,
    reconnection: false,
  });
  const outcome = await Promise.race([
    once(socket as never, 'connect').then(() => 'connected' as const),
    once(socket as never, 'connect_error').then(([error]) => (error as { data: Refusal }).data),
  ]);
  socket.disconnect();
  return outcome;
}

const refusals = async (deviceId: string) => {
  await writeBursts(world.app.house, true);
  return world.db.rows<{ action: string; reason: string; count: number }>(
    `select action, reason, count from audit_entries where target_id = $1 and outcome = 'refused' order by id`,
    [deviceId],
  );
};

test('a device with a key refreshes and uses every door with a proof for each request', async () => {
  const { key, session } = await boundDevice('Ada');
  const renewed = await refresh(key, session.refreshToken!);
  expect(renewed.status).toBe(200);
  const { accessToken } = renewed.body as unknown as Session;
  expect((await me(key, accessToken)).status).toBe(200);
  const graphql = await ask(
    'POST',
    '/graphql',
    await proofOf(key, 'POST', '/graphql', { claims: { ath: hashOf(accessToken) } }),
    { query: '{ me { id } }' },
    accessToken,
  );
  expect(graphql.body).toMatchObject({ data: { me: { id: session.userId } } });
  const dpop = await proofOf(key, 'GET', '/socket.io/', { claims: { ath: hashOf(accessToken) } });
  expect(await connect(accessToken, dpop)).toBe('connected');
  const [row] = await world.db.rows<{ thumbprint: string }>(
    'select key_thumbprint as thumbprint from devices where id = $1',
    [session.deviceId],
  );
  expect(row?.thumbprint).toBe(key.thumbprint);
  expect(await refusals(session.deviceId)).toEqual([]);
});

test('a copied refresh token of a device with a key is refused, audited and harmless', async () => {
  const { key, session } = await boundDevice('Ben');
  const thief = await newKey();
  const first = session.refreshToken!;
  for (const stolen of [null, thief]) {
    const reply = await refresh(stolen, first);
    expect([reply.status, reply.body.error?.code]).toEqual([401, 'session_ended']);
  }
  const second = (await refresh(key, first)).body as unknown as Session;
  expect((await me(key, second.accessToken)).status).toBe(200);
  later(60_000);
  // Spent by now: without the key not even that ends the honest device.
  for (const stolen of [null, thief]) expect((await refresh(stolen, first)).body.error?.code).toBe('session_ended');
  expect((await refresh(key, second.refreshToken!)).status).toBe(200);
  const lines = await refusals(session.deviceId);
  expect(lines.map(({ action }) => action)).toEqual(lines.map(() => 'session.refreshed'));
  expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(lines[0]?.reason).toBe('no proof of the device’s key');
});

test('a spent token shown with the right key ends the device', async () => {
  const { key, session } = await boundDevice('Bea');
  const first = session.refreshToken!;
  const second = (await refresh(key, first)).body as unknown as Session;
  await refresh(key, second.refreshToken!);
  expect((await refresh(key, first)).body.error?.code).toBe('session_ended');
  expect((await me(key, second.accessToken)).body.error?.code).toBe('session_ended');
});

test('a copied access token of a device with a key: refused at every door, audited', async () => {
  const { key, session } = await boundDevice('Cleo');
  const { accessToken, deviceId } = session;
  const thief = await newKey();
  const claims = { ath: hashOf(accessToken) };
  expect((await ask('GET', '/api/me', undefined, undefined, accessToken)).body.error?.code).toBe('unauthenticated');
  expect((await me(thief, accessToken)).body.error?.code).toBe('unauthenticated');
  const graphql = visitor(world.origin, { page: null, token: accessToken });
  expect((await graphql.graphql('{ me { id } }')).code).toBe('unauthenticated');
  expect(await connect(accessToken)).toMatchObject({ code: 'unauthenticated' });
  expect(await connect(accessToken, await proofOf(thief, 'GET', '/socket.io/', { claims }))).toMatchObject({
    code: 'unauthenticated',
  });
  expect((await me(key, accessToken)).status).toBe(200);
  const lines = await refusals(deviceId);
  expect(lines.map(({ action }) => action)).toEqual(lines.map(() => 'session.used'));
  expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(5);
});

test('a proof is taken once, at every door', async () => {
  const { key, session } = await boundDevice('Dora');
  const { accessToken, refreshToken } = session;
  const claims = { ath: hashOf(accessToken) };
  const forRest = await proofOf(key, 'GET', '/api/me', { claims });
  expect((await ask('GET', '/api/me', forRest, undefined, accessToken)).status).toBe(200);
  expect((await ask('GET', '/api/me', forRest, undefined, accessToken)).body.error?.code).toBe('unauthenticated');
  const forSocket = await proofOf(key, 'GET', '/socket.io/', { claims });
  expect(await connect(accessToken, forSocket)).toBe('connected');
  expect(await connect(accessToken, forSocket)).toMatchObject({ code: 'unauthenticated' });
  const forRefresh = await proofOf(key, 'POST', refreshPath);
  const body = { refreshToken };
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask('POST', refreshPath, forRefresh, body)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('thirty refreshes at once with proofs of their own get one successor', async () => {
  const { key, session } = await boundDevice('Dirk');
  const proofs = await Promise.all(Array.from({ length: 30 }, () => proofOf(key, 'POST', refreshPath)));
  const answers = await Promise.all(
    proofs.map((proof) => ask('POST', refreshPath, proof, { refreshToken: session.refreshToken })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => (body as unknown as Session).refreshToken)).size).toBe(1);
});

test('a proof whose nonce is missing, made up or old: a new one is asked for', async () => {
  const { key, session } = await boundDevice('Emil');
  const old = await nonce();
  for (const said of [undefined, 'made up', `${old}x`, '']) {
    const reply = await refresh(key, session.refreshToken!, { claims: { nonce: said } });
    expect([reply.status, reply.body.error?.code, reply.body.error?.nonce]).toEqual([401, 'stale_proof', old]);
    expect(reply.headers.get('dpop-nonce')).toBe(old);
  }
  later(9 * 60_000);
  expect((await me(key, session.accessToken, { claims: { nonce: old } })).status).toBe(200);
  later(16 * 60_000);
  expect((await refresh(key, session.refreshToken!, { claims: { nonce: old } })).body.error?.code).toBe('stale_proof');
  expect((await refresh(key, session.refreshToken!)).status).toBe(200);
  expect(await refusals(session.deviceId)).toEqual([]);
});

test('the socket says the newest nonce with its refusal', async () => {
  const { key, session } = await boundDevice('Elsa');
  const claims = { ath: hashOf(session.accessToken), nonce: 'old' };
  const refusal = await connect(session.accessToken, await proofOf(key, 'GET', '/socket.io/', { claims }));
  expect(refusal).toMatchObject({ code: 'stale_proof', nonce: await nonce() });
});

test('a device whose clock is a day wrong is let in', async () => {
  const { key, session } = await boundDevice('Fay');
  for (const days of [-1, 1]) {
    const iat = Math.floor(Date.now() / 1_000) + days * 86_400;
    expect((await me(key, session.accessToken, { claims: { iat } })).status, `${days} days`).toBe(200);
  }
});

test('ending a device with a key closes its socket and every door at once', async () => {
  const { key, session } = await boundDevice('Gil');
  const socket = io(world.origin, {
    transports: ['websocket'],
    auth: {
      token: session.accessToken,
      dpop: await proofOf(key, 'GET', '/socket.io/', { claims: { ath: hashOf(session.accessToken) } }),
    },
    forceNew: true,
    reconnection: false,
  });
  await once(socket as never, 'connect');
  const other = visitor(world.origin, { page: null });
  await other.signIn(await world.person('Gil'), { keep: 'body' });
  expect((await other.ask('DELETE', `/api/session/devices/${session.deviceId}`)).status).toBe(204);
  await until(() => !socket.connected, 'the socket to close');
  expect((await me(key, session.accessToken)).body.error?.code).toBe('session_ended');
  expect((await refresh(key, session.refreshToken!)).body.error?.code).toBe('session_ended');
});

test('a device that signed in without a key needs none; a later proof binds nothing', async () => {
  const who = visitor(world.origin, { page: null });
  const session = await who.signIn(await world.person('Hal'), { keep: 'body' });
  const thief = await newKey();
  const renewed = await refresh(thief, session.refreshToken!);
  expect(renewed.status).toBe(200);
  const { accessToken } = renewed.body as unknown as Session;
  expect((await ask('GET', '/api/me', undefined, undefined, accessToken)).status).toBe(200);
});

describe('what is no proof', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const as = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hand = (header: unknown, claims: unknown, signature = '') => `${as(header)}.${as(claims)}.${signature}`;
  type Make = (key: Key, method: string, path: string) => Promise<string> | string;
  const claimsFor = (method: string, path: string) => ({
    htm: method,
    htu: world.origin + path,
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1_000),
  });
  const wrong: [string, Make][] = [
    ['another method', (key, _method, path) => proofOf(key, 'PUT', path)],
    ['another path', (key, method, path) => proofOf(key, method, `${path}/`)],
    [
      'another host',
      (key, method, path) => proofOf(key, method, path, { claims: { htu: `http://evil.example${path}` } }),
    ],
    [
      'another port',
      (key, method, path) => proofOf(key, method, path, { claims: { htu: `http://127.0.0.1:1${path}` } }),
    ],
    ['another scheme', (key, method, path) => proofOf(key, method, path, { claims: { htu: `ftp://x${path}` } })],
    [
      'an address with a name in it',
      (key, method, path) =>
        proofOf(key, method, path, { claims: { htu: `${world.origin.replace('//', '//evil@')}${path}` } }),
    ],
    ['no address', (key, method, path) => proofOf(key, method, path, { claims: { htu: undefined } })],
    ['no method', (key, method, path) => proofOf(key, method, path, { claims: { htm: undefined } })],
    ['no name', (key, method, path) => proofOf(key, method, path, { claims: { jti: undefined } })],
    ['a short name', (key, method, path) => proofOf(key, method, path, { claims: { jti: 'x' } })],
    ['no time', (key, method, path) => proofOf(key, method, path, { claims: { iat: undefined } })],
    ['a time that is no number', (key, method, path) => proofOf(key, method, path, { claims: { iat: 'now' } })],
    ['an end that is over', (key, method, path) => proofOf(key, method, path, { claims: { exp: 1 } })],
    ['another type', (key, method, path) => proofOf(key, method, path, { header: { typ: 'JWT' } })],
    ['no type', (key, method, path) => proofOf(key, method, path, { header: { typ: undefined } })],
    ['no key', (key, method, path) => proofOf(key, method, path, { header: { jwk: undefined } })],
    ['a key that is text', (key, method, path) => proofOf(key, method, path, { header: { jwk: 'x' } })],
    [
      'its private key',
      async (key, method, path) => proofOf(key, method, path, { header: { jwk: await exportJWK(key.privateKey) } }),
    ],
    [
      'another’s key',
      async (key, method, path) => proofOf(key, method, path, { header: { jwk: (await newKey()).jwk } }),
    ],
    [
      'an unknown demand',
      (key, method, path) => proofOf(key, method, path, { header: { crit: ['x'], x: 1 } }).catch(() => ''),
    ],
    ['alg none', ({ jwk }, method, path) => hand({ alg: 'none', typ: 'dpop+jwt', jwk }, claimsFor(method, path))],
    [
      'HS256 with the public key as secret',
      ({ jwk }, method, path) =>
        new SignJWT(claimsFor(method, path))
          .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: jwk.x } as JWK })
          .sign(Buffer.from(jwk.x!, 'base64url')),
    ],
    [
      'RSA',
      (_key, method, path) =>
        new SignJWT(claimsFor(method, path))
          .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk: rsa.publicKey.export({ format: 'jwk' }) as JWK })
          .sign(rsa.privateKey),
    ],
    ['a huge proof', (key, method, path) => proofOf(key, method, path, { claims: { more: 'x'.repeat(4_000) } })],
    [
      'two proofs',
      async (key, method, path) => `${await proofOf(key, method, path)}, ${await proofOf(key, method, path)}`,
    ],
    ['nothing', () => ''],
  ];

  test.each(wrong)('%s: refused at refresh, at a call and at sign-in', async (what, make) => {
    const { key, session } = await boundDevice(`Ina ${what}`);
    const person = await world.person(`Ina ${what}`);
    const renewed = await ask('POST', refreshPath, await make(key, 'POST', refreshPath), {
      refreshToken: session.refreshToken,
    });
    expect(renewed.body.error?.code).toBe('session_ended');
    const called = await ask('GET', '/api/me', await make(key, 'GET', '/api/me'), undefined, session.accessToken);
    expect(called.body.error?.code).toBe('unauthenticated');
    const signedIn = await ask('POST', '/api/session', await make(key, 'POST', '/api/session'), {
      email: person.email,
      password: person.password,
      keep: 'body',
    });
    expect(signedIn.body.error?.code).toBe('malformed');
    expect((await refresh(key, session.refreshToken!)).status).toBe(200);
  });

  test('beside a token, a proof without its hash or with another’s hash is refused', async () => {
    const { key, session } = await boundDevice('Jan');
    for (const ath of [undefined, '', hashOf('another token')])
      expect((await me(key, session.accessToken, { claims: { ath } })).body.error?.code).toBe('unauthenticated');
  });

  test('a proof with any letter changed, cut or added is refused, never an error of ours', async () => {
    const { key, session } = await boundDevice('Kim');
    const path = '/api/me';
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom('A', 'z', '.', '=', '_', '', '%00', '{'),
        fc.nat({ max: 3 }),
        async (at, letter, cut) => {
          const good = await proofOf(key, 'GET', path, { claims: { ath: hashOf(session.accessToken) } });
          const place = at % good.length;
          const bad = good.slice(0, place) + letter + good.slice(place + cut);
          fc.pre(bad !== good && !sameBytes(bad, good));
          const { status, body } = await ask('GET', path, bad, undefined, session.accessToken);
          expect([status, body.error?.code]).toEqual([401, 'unauthenticated']);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** The last letters of base64url carry spare bits: another spelling of the same bytes is the same proof. */
const sameBytes = (one: string, other: string) => {
  const bytes = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
  return JSON.stringify(bytes(one)) === JSON.stringify(bytes(other));
};

describe('with a public address', () => {
  let behind: World;
  beforeAll(async () => {
    behind = await openWorld({
      env: { PARLEY_PUBLIC_URL: 'https://chat.example.com', PARLEY_ORIGINS: 'http://inside.example:3000' },
    });
  });
  afterAll(() => behind.close());

  test.each([
    ['https://chat.example.com', 200],
    ['http://inside.example:3000', 200],
    ['http://chat.example.com', 400],
    ['https://evil.example', 400],
    ['https://chat.example.com.evil.example', 400],
    // What the Host header says.
    ['asked', 400],
  ])('a proof for %s is judged by the settings and never by the Host header', async (named, status) => {
    const origin = named === 'asked' ? behind.origin : named;
    const { email, password } = await behind.person('Lea');
    const proof = await proofOf(await newKey(), 'POST', '/api/session', { claims: { htu: `${origin}/api/session` } });
    const reply = await visitor(behind.origin, { page: null }).ask(
      'POST',
      '/api/session',
      { email, password, keep: 'body' },
      { dpop: proof },
    );
    expect(reply.status).toBe(status);
  });
});
