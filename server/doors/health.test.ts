import { afterAll, beforeAll, expect, test } from 'vitest';
import { visitor } from '../testing/http.ts';
import { doorSettings, secondDoor } from '../testing/second-door.ts';
import { openWorld, type World } from '../testing/world.ts';
import { NotReady } from './health.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('it says whether it lives and whether it is ready, and by name what is not', async () => {
  const who = visitor(world.origin);
  expect((await who.ask('GET', '/livez')).text).toBe('ok\n');
  expect((await who.ask('GET', '/readyz')).body).toMatchObject({ ready: true, checks: { database: 'ok', disk: 'ok' } });
  const door = await secondDoor(world, [], {
    checks: {
      lame: () => Promise.reject(new Error('canary-detail')),
      stuck: () => new Promise(() => {}),
      fine: async () => undefined,
    },
  });
  try {
    const reply = await visitor(door.origin).ask('GET', '/readyz');
    expect([reply.status, reply.body]).toEqual([
      503,
      { ready: false, checks: { database: 'ok', lame: 'failing', stuck: 'failing', fine: 'ok' } },
    ]);
  } finally {
    door.close();
  }
});

test('metrics are for loopback callers nobody speaks for, or for the token', async () => {
  const get = (origin: string, headers: Record<string, string> = {}) =>
    visitor(origin, { page: null }).ask('GET', '/metrics', undefined, headers);
  expect((await get(world.origin)).text).toContain('parley_operations_total');
  expect((await get(world.origin, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(404);
  const door = await secondDoor(world, [], { config: { ...doorSettings, metricsToken: 'a token for metrics' } });
  try {
    expect((await get(door.origin)).status).toBe(404);
    expect((await get(door.origin, { authorization: 'Bearer a token for metric' })).status).toBe(404);
    expect((await get(door.origin, { authorization: 'Bearer a token for metrics' })).status).toBe(200);
  } finally {
    door.close();
  }
});

test.each<[string, Partial<typeof doorSettings>]>([
  ['the server listens beyond loopback', { host: '0.0.0.0' }],
  ['a proxy is configured', { trustProxy: 1 }],
  ['people reach it under a public address', { publicUrl: 'https://chat.example.com' }],
])('without a token metrics are closed with a sentence when %s', async (_name, settings) => {
  const closed = await secondDoor(world, [], { config: { ...doorSettings, ...settings } });
  const withToken = await secondDoor(world, [], { config: { ...doorSettings, ...settings, metricsToken: 'token' } });
  try {
    const reply = await visitor(closed.origin, { page: null }).ask('GET', '/metrics');
    expect([reply.status, reply.text]).toEqual([403, expect.stringContaining('PARLEY_METRICS_TOKEN')]);
    const headers = { authorization: 'Bearer token' };
    expect((await visitor(withToken.origin, { page: null }).ask('GET', '/metrics', undefined, headers)).status).toBe(
      200,
    );
  } finally {
    closed.close();
    withToken.close();
  }
});

test('a check that can say what is wrong says it', async () => {
  const door = await secondDoor(world, [], {
    checks: { disk: () => Promise.reject(new NotReady('full', 'The disk is full.')) },
  });
  try {
    const reply = await visitor(door.origin).ask('GET', '/readyz');
    expect([reply.status, reply.body]).toEqual([
      503,
      { ready: false, checks: { database: 'ok', disk: 'full' }, why: { disk: 'The disk is full.' } },
    ]);
  } finally {
    door.close();
  }
});
