import { connect } from 'node:net';
import { once } from 'node:events';
import * as z from 'zod/mini';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '@parley/protocol/limits.ts';
import { until } from '../testing/client.ts';
import { visitor } from '../testing/http.ts';
import { doorSettings, secondDoor } from '../testing/second-door.ts';
import { openWorld, type World } from '../testing/world.ts';
import { createHttpDoor } from './http.ts';
import { route, type Route } from './route.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const Nothing = z.strictObject({});

test('a route without permission or cost, or offered twice, stops the boot', () => {
  const run = async () => ({});
  const open =
    (...routes: Route[]) =>
    () =>
      createHttpDoor({ house: world.app.house, config: doorSettings, routes });
  expect(open(route('GET', '/api/x', undefined as never, 'read', Nothing, run))).toThrow(
    'GET /api/x declares no permission',
  );
  expect(open(route('GET', '/api/x', '' as never, 'read', Nothing, run))).toThrow('GET /api/x declares no permission');
  expect(
    open(
      route('GET', '/api/x', 'everyone', 'read', Nothing, run),
      route('GET', '/api/x', 'everyone', 'read', Nothing, run),
    ),
  ).toThrow('GET /api/x is offered twice');
  expect(open(route('GET', '/api/x', 'everyone', undefined as never, Nothing, run))).toThrow(
    'GET /api/x declares no cost',
  );
  expect(open(route('GET', '/x', 'everyone', 'read', Nothing, run))).toThrow('not below /api/');
  expect(open(route('GET', '/api/x', 'everyone', 'read', Nothing, run))).not.toThrow();
});

test('what is nobody’s business is refused: a stranger, a person without the right, and that refusal is audited', async () => {
  const door = await secondDoor(world, [
    route('POST', '/api/vault', 'settings.manage', 'read', Nothing, async () => ({ gold: true })),
  ]);
  try {
    expect((await visitor(door.origin).ask('POST', '/api/vault')).body.error).toMatchObject({
      code: 'unauthenticated',
      fault: 'yours',
    });
    const ada = await world.device('Ada');
    const authorization = `Bearer ${ada.session.accessToken}`;
    const refused = await visitor(door.origin).ask('POST', '/api/vault', undefined, { authorization });
    expect([refused.status, refused.body.error?.code]).toEqual([403, 'forbidden']);
    const rows = await world.db.rows<{ request: string }>(
      `select request_id as request from audit_entries where action = 'POST /api/vault' and outcome = 'refused' and actor_name = 'Ada'`,
    );
    expect(rows).toEqual([{ request: refused.headers.get('x-request-id') }]);
  } finally {
    door.close();
  }
});

test('every answer carries the security headers and the request’s name, whatever it is', async () => {
  const door = await secondDoor(world, [
    route('GET', '/api/broken', 'everyone', 'read', Nothing, async () =>
      Promise.reject(new Error('canary-of-the-inside')),
    ),
  ]);
  const asked: [string, string, string][] = [
    [world.origin, 'GET', '/'],
    [world.origin, 'GET', '/admin/'],
    [world.origin, 'GET', '/admin'],
    [world.origin, 'GET', '/some/page'],
    [world.origin, 'GET', '/nothing.js'],
    [world.origin, 'GET', '/x.js.map'],
    [world.origin, 'GET', '/api/status'],
    [world.origin, 'GET', '/api/nothing'],
    [world.origin, 'PUT', '/api/session'],
    [world.origin, 'GET', '/graphql'],
    [world.origin, 'POST', '/graphql'],
    [world.origin, 'GET', '/livez'],
    [world.origin, 'GET', '/readyz'],
    [world.origin, 'GET', '/metrics'],
    [world.origin, 'GET', '/socket.io/'],
    [world.origin, 'DELETE', '/'],
    [world.origin, 'GET', '/%'],
    [world.origin, 'GET', '/api/%ff'],
    [world.origin, 'GET', '/api/session/devices/%'],
    [world.origin, 'GET', '/..%2f..%2fpackage.json'],
    [world.origin, 'GET', '/.env'],
    [world.origin, 'GET', '/api/status?a=1'],
    [door.origin, 'GET', '/api/broken'],
  ];
  try {
    for (const [origin, method, path] of asked) {
      const { headers, text, status } = await visitor(origin).ask(method, path);
      const where = `${method} ${path} ${status}`;
      expect(headers.get('content-security-policy'), where).toMatch(
        /^default-src 'self'; style-src 'self'; .*object-src 'none'; base-uri 'none'.*frame-ancestors 'none'/,
      );
      expect(headers.get('content-security-policy'), where).not.toMatch(/unsafe|\*/);
      expect(headers.get('x-content-type-options'), where).toBe('nosniff');
      expect(headers.get('x-frame-options'), where).toBe('DENY');
      expect(headers.get('referrer-policy'), where).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy'), where).toBe('same-origin');
      expect(headers.get('x-request-id'), where).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.has('x-powered-by'), where).toBe(false);
      expect(headers.has('access-control-allow-origin'), where).toBe(false);
      expect(text, where).not.toMatch(/ {4}at |canary-of-the-inside|node_modules|"private"/);
      expect(status === 500, where).toBe(path === '/api/broken');
    }
  } finally {
    door.close();
  }
});

test('what is ours is logged whole and told without detail, under the same name', async () => {
  const door = await secondDoor(world, [
    route('GET', '/api/broken', 'everyone', 'read', Nothing, async () => Promise.reject(new Error('the inside'))),
  ]);
  try {
    const reply = await visitor(door.origin).ask('GET', '/api/broken');
    expect(reply.body.error).toEqual({
      code: 'internal',
      fault: 'ours',
      message: expect.not.stringContaining('inside'),
      requestId: reply.headers.get('x-request-id'),
    });
    const line = world.logged.find((one) => one.includes(reply.headers.get('x-request-id')!));
    expect(line).toContain('the inside');
  } finally {
    door.close();
  }
});

test('addresses and methods nobody answers are refused as such', async () => {
  const who = visitor(world.origin);
  const code = async (method: string, path: string) => {
    const { status, body, headers } = await who.ask(method, path);
    return [status, body.error?.code, headers.get('allow')];
  };
  expect(await code('GET', '/api/nothing')).toEqual([404, 'unknown_operation', null]);
  expect(await code('GET', '/api')).toEqual([404, 'unknown_operation', null]);
  expect(await code('GET', '/api/Status')).toEqual([404, 'unknown_operation', null]);
  expect(await code('GET', '/api/session')).toEqual([405, 'unknown_operation', 'POST, DELETE']);
  expect(await code('OPTIONS', '/api/session')).toEqual([405, 'unknown_operation', 'POST, DELETE']);
  expect(await code('GET', '/api/__proto__')).toEqual([404, 'unknown_operation', null]);
  expect((await raw(`TRACE / HTTP/1.1\r\nHost: x\r\nCookie: canary\r\n\r\n`)).split('\r\n\r\n')[1]).not.toContain(
    'canary',
  );
});

test('bodies are JSON or nothing, and no larger than the door takes', async () => {
  const who = visitor(world.origin);
  const body = { email: 'a@b', password: 'p' };
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    '',
  ]) {
    expect((await who.ask('POST', '/api/session', body, { 'content-type': type })).body.error?.code, type).toBe(
      'malformed',
    );
  }
  expect(
    (await who.ask('POST', '/api/session', body, { 'content-type': 'application/json; charset=utf-8' })).body.error
      ?.code,
  ).toBe('wrong_credentials');
  expect(
    (await who.ask('POST', '/api/session', body, { 'content-type': 'application/json; charset=ebcdic' })).body.error
      ?.code,
  ).toBe('malformed');
  expect((await who.ask('POST', '/api/session', body, { 'content-encoding': 'gzip' })).body.error?.code).toBe(
    'malformed',
  );
  for (const text of ['{', '', 'null', '[]', '"x"', '1', '{"email":', '\u0000', '{"a":1}{"b":2}']) {
    const reply = await who.ask('POST', '/api/session', text);
    expect([reply.status, reply.body.error?.code], text).toEqual([400, 'malformed']);
  }
  const padded = (bytes: number) =>
    JSON.stringify({ ...body, password: 'p'.repeat(bytes - JSON.stringify({ ...body, password: '' }).length) });
  expect((await who.ask('POST', '/api/session', padded(limits.restBody))).body.error?.code).toBe('malformed');
  const large = await who.ask('POST', '/api/session', padded(limits.restBody + 1));
  expect([large.status, large.body.error?.code]).toEqual([413, 'too_large']);
});

test('every word of signing in has its cap, tested one above, and its kind', async () => {
  const who = visitor(world.origin, { page: null });
  const code = async (more: Record<string, unknown>) =>
    (await who.ask('POST', '/api/session', { email: 'a@example.com', password: 'x', ...more })).body.error?.code;
  expect(await code({ password: 'x'.repeat(limits.password) })).toBe('wrong_credentials');
  for (const more of [
    { password: 'x'.repeat(limits.password + 1) },
    { email: 'x'.repeat(limits.email + 1) },
    { device: 'x'.repeat(limits.name + 1) },
    { keep: 'pocket' },
    { email: '' },
    { email: '\u0000' },
    { device: '\ud800' },
    { email: { $ne: null } },
    { email: ['a@example.com'] },
    { password: { length: 4 } },
    { password: 1 },
    { email: null },
    { role: 'owner' },
    { userId: 'x' },
    { isAdmin: true },
    { constructor: {} },
  ])
    expect(await code(more), JSON.stringify(more)).toBe('malformed');
  for (const text of [
    '{"email":"a@example.com","password":"x","__proto__":{"permissions":["audit.read"]}}',
    '{"email":"a@example.com","password":"x","constructor":{"prototype":{"x":1}}}',
  ]) {
    expect((await who.ask('POST', '/api/session', text)).body.error?.code, text).toBe('malformed');
  }
  expect((await who.ask('POST', '/api/session/refresh', { refreshToken: 'x'.repeat(257) })).body.error?.code).toBe(
    'malformed',
  );
  expect(({} as { permissions?: unknown }).permissions).toBeUndefined();
});

test('what stands in the address is a word like any other, and cannot be said twice', async () => {
  const ada = await world.device('Ada');
  const id = ada.session.deviceId;
  const as = visitor(world.origin);
  await as.signIn(await world.person('Ada'));
  expect((await as.ask('DELETE', '/api/session/devices/not-an-id')).body.error?.code).toBe('malformed');
  expect((await as.ask('DELETE', `/api/session/devices/${id}`, { deviceId: id })).body.error?.message).toContain(
    'stands in the address already',
  );
  expect((await as.ask('GET', '/api/session/devices?a=1')).body.error?.code).toBe('malformed');
  expect(
    (await as.ask('DELETE', `/api/session/devices/${id}`, { reason: 'x'.repeat(limits.reason + 1) })).body.error?.code,
  ).toBe('malformed');
  expect((await ada.fetch('/api/me')).status).toBe(200);
});

test('a page of another origin can neither act nor read', async () => {
  const ada = await world.device('Ada');
  for (const origin of [
    'https://evil.example',
    'null',
    world.origin.replace('http:', 'http:').replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
    `${world.origin}.evil.example`,
    'file://',
    'about:blank',
  ]) {
    for (const [method, path] of [
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
      ['GET', '/api/me'],
      ['POST', '/graphql'],
    ] as const) {
      const reply = await ada.fetch(path, {
        method,
        headers: { origin, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      expect(
        [reply.status, ((await reply.json()) as { error?: { code: string } }).error?.code ?? 'graphql'],
        `${origin} ${path}`,
      ).toEqual([403, 'forbidden']);
      expect(reply.headers.has('access-control-allow-origin')).toBe(false);
    }
  }
  expect((await ada.fetch('/api/me')).status).toBe(200);
});

test('what is no HTTP at all is turned away', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    expect(await raw(bytes), bytes.slice(0, 40)).toMatch(/^HTTP\/1\.1 4\d\d /);
  }
  expect((await visitor(world.origin).ask('GET', '/livez')).status).toBe(200);
});

test('no secret that was sent reaches the log, whatever became of the request', async () => {
  const canary = 'canary-6f1d';
  const who = visitor(world.origin, { page: null });
  const headers = {
    authorization: `Bearer ${canary}-token`,
    cookie: `parley_refresh=${canary}-cookie; parley_known=${canary}`,
    'x-custom': canary,
  };
  const secret = {
    email: `${canary}@example.com`,
    password: `${canary}-password`,
    refreshToken: `${canary}-refresh`,
    code: `${canary}-code`,
    variables: { body: canary },
  };
  for (const path of [
    '/api/session',
    '/api/session/refresh',
    '/api/set-up',
    '/api/me',
    '/graphql',
    `/${canary}`,
    '/api/session/devices',
  ]) {
    for (const method of ['GET', 'POST', 'DELETE'])
      await who.ask(method, path, method === 'GET' ? undefined : secret, headers);
    await who.ask('POST', path, JSON.stringify(secret).slice(0, -3), headers);
  }
  expect(world.logged.join('')).not.toContain(canary);
  expect((await who.ask('GET', '/metrics')).text).not.toContain(canary);
  expect(await world.db.rows(`select from audit_entries e where e::text like '%canary-6f1d%'`)).toHaveLength(0);
});

/** Says raw bytes and hears what comes back. */
async function raw(bytes: string): Promise<string> {
  const { port } = new URL(world.origin);
  const stream = connect(Number(port), '127.0.0.1');
  let heard = '';
  stream.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  stream.on('error', () => undefined);
  stream.write(bytes);
  stream.end();
  await once(stream, 'close');
  return heard;
}

test('a request that never becomes whole is closed, in its headers or in its body', async () => {
  const door = await secondDoor(world, []);
  const port = Number(new URL(door.origin).port);
  const begun = [
    '',
    'POST /api/session HTTP/1.1\r\nHost: x\r\n',
    `POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  ];
  try {
    await Promise.all(
      begun.map(async (said) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        await once(socket, 'connect');
        socket.write(said);
        await once(socket, 'close');
      }),
    );
  } finally {
    door.close();
  }
}, 25_000);

test('half-open connections beyond the cap make room for a caller and for a socket', async () => {
  const door = await secondDoor(world, [], { config: { ...doorSettings, httpConnections: 10 } });
  const port = Number(new URL(door.origin).port);
  let closed = 0;
  const idle = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
  try {
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    for (const socket of idle)
      socket
        .on('error', () => undefined)
        .on('close', () => closed++)
        .resume();
    expect((await visitor(door.origin).ask('GET', '/livez')).status).toBe(200);
    await until(() => closed >= 30, 'the oldest to make room');
  } finally {
    for (const socket of idle) socket.destroy();
    door.close();
  }
});
