import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { CallName } from '@parley/protocol/catalogue.ts';
import type { Answer, Refusal } from '@parley/protocol/errors.ts';
import { newId } from '../kernel/ids.ts';
import { callsAnswering, openBareHouse, type BareHouse } from '../testing/bare-house.ts';
import { until } from '../testing/client.ts';
import { visitor } from '../testing/http.ts';
import { secondDoor } from '../testing/second-door.ts';
import { openWorld, type World } from '../testing/world.ts';
import { Payer } from './budgets.ts';
import { costs, pointsOf, type CostName } from './costs.ts';
import { buildAdminSchema } from './graphql-builder.ts';
import { createGraphqlDoor } from './graphql.ts';
import { call, type SocketCall } from './socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const opened = <T extends { close(): unknown }>(one: T): T => {
  open.push(one);
  return one;
};

const bare = async (options: Parameters<typeof openBareHouse>[0]): Promise<BareHouse> =>
  opened(await openBareHouse(options));
const world = async (env: Record<string, string>): Promise<World> => opened(await openWorld({ env }));

type Client = { socket: Socket; says(name: string, input?: unknown): Promise<Answer<unknown>> };

async function client(origin: string, token: string): Promise<Client> {
  const socket = io(origin, { transports: ['websocket'], forceNew: true, reconnection: false, auth: { token } });
  opened(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error: Error & { data?: Refusal }) => reject(new Error(error.data?.code ?? 'lost')));
  });
  return { socket, says: (name, input = {}) => new Promise((resolve) => socket.emit(name, input, resolve)) };
}

/** The catalogue, with one call of a cost and an answer of the test's own. */
const withCall = (name: CallName, cost: CostName, run: () => Promise<unknown>): SocketCall[] => [
  ...callsAnswering({}).filter((one) => one.name !== name),
  call(name, 'signed-in', cost, run as never),
];

const codesOf = (answers: Answer<unknown>[]) => answers.map((answer) => answer.error?.code ?? 'ok');

test('fifty connections of one person share one budget; another person has their own', async () => {
  const { origin } = await bare({ config: { callsPerSecond: 60 } });
  const connections = await Promise.all(Array.from({ length: 50 }, (_, n) => client(origin, `ada ${n}`)));
  const answers = await Promise.all(
    connections.flatMap(({ says }) => [1, 2, 3, 4, 5, 6].map(() => says('session:me'))),
  );
  const limited = answers.filter((answer) => answer.error);
  expect(limited.length).toBeGreaterThan(20);
  expect(limited[0]!.error).toMatchObject({
    code: 'limited',
    fault: 'nobodys',
    retryAfter: expect.any(Number) as number,
  });
  const ben = await client(origin, 'ben 1');
  expect(codesOf(await Promise.all([1, 2, 3].map(() => ben.says('session:me'))))).toEqual(['ok', 'ok', 'ok']);
});

test('a budget spent over the socket is spent at REST and GraphQL too', async () => {
  const { origin, device, person } = await world({ PARLEY_CALLS_PER_SECOND: '2' });
  const ada = await device('Ada');
  await person('Ben');
  let code = 'ok';
  for (let n = 0; n < 20 && code === 'ok'; n++) code = await ada.tries('message:search', { query: 'anything' });
  expect(code).toBe('limited');
  const adas = visitor(origin, { token: ada.session.accessToken });
  const rest = await adas.ask('GET', '/api/me');
  expect([rest.status, rest.body.error?.code]).toEqual([429, 'limited']);
  expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0);
  const graphql = await adas.graphql('{ me { id } }');
  expect([graphql.status, graphql.code, graphql.data]).toEqual([429, 'limited', null]);
  const ben = visitor(origin);
  await ben.signIn(await person('Ben'));
  expect((await ben.ask('GET', '/api/me')).status).toBe(200);
});

test('strangers at an address share a budget that the people there do not pay', async () => {
  const { origin, person } = await world({ PARLEY_STRANGER_CALLS_PER_SECOND: '1' });
  const stranger = visitor(origin);
  /** A point comes back each second: on a slow machine the call after the last one may be admitted again. */
  const codesOf = async (ask: () => Promise<string | undefined>) => {
    const codes = [];
    do codes.push(await ask());
    while (codes.length < 100 && codes.at(-1) !== 'limited');
    return codes;
  };
  const rest = await codesOf(async () => (await stranger.ask('GET', '/api/me')).body.error?.code);
  expect(new Set(rest)).toEqual(new Set(['unauthenticated', 'limited']));
  const graphql = await codesOf(async () => (await stranger.graphql('{ me { id } }')).code);
  expect(graphql.at(-1)).toBe('limited');
  expect(graphql.length).toBeLessThan(10);
  const ada = visitor(origin);
  expect((await ada.ask('GET', '/api/status')).status).toBe(200);
  await ada.signIn(await person('Ada'));
  expect((await ada.ask('GET', '/api/me')).status).toBe(200);
});

test('a heavier call takes more of the budget', () => {
  const callsOf = (points: number) => {
    const payer = new Payer(10);
    let calls = 0;
    try {
      for (; calls < 1_000; calls++) payer.pay(points);
    } catch {
      // Nothing is left.
    }
    return calls;
  };
  expect(callsOf(costs.search.points)).toBeLessThan(callsOf(costs.send.points));
  expect(callsOf(costs.send.points)).toBeLessThan(callsOf(costs.read.points));
});

test('a large input and a busy room cost more', async () => {
  const { house } = await bare({});
  const small = pointsOf(house, 'send', { body: 'hello' });
  expect(pointsOf(house, 'send', { body: 'x'.repeat(20_000) })).toBeGreaterThan(small + 4);
  expect(pointsOf(house, 'write', { userIds: Array.from({ length: 500 }, () => newId()) })).toBeGreaterThan(4);
  expect(pointsOf(house, { class: 'send', more: () => 50 }, { body: 'hello' })).toBeCloseTo(small + 50);
  expect(pointsOf(house, 'own', { body: 'x'.repeat(20_000) })).toBe(0);
});

test('one search of a person runs at a time, over all connections; others do not wait', async () => {
  let running = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const calls = withCall('session:me', 'search', async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => waiting.push(resolve));
    running--;
    return {};
  });
  const { origin } = await bare({ calls });
  const connections = await Promise.all(Array.from({ length: 5 }, (_, n) => client(origin, `ada ${n}`)));
  const answers = Promise.all(connections.flatMap(({ says }) => [says('session:me'), says('session:me')]));
  await until(() => running === 1, 'a search');
  // Everything that was sent has been taken: answers come in order, and these waited behind the searches.
  await Promise.all(connections.map(({ says }) => says('sync:start')));
  expect(running).toBe(1);
  const ben = await client(origin, 'ben 1');
  const bens = ben.says('session:me');
  await until(() => running === 2, 'the search of another person');
  const release = setInterval(() => waiting.splice(0).forEach((go) => go()), 5);
  expect(codesOf(await answers)).toEqual(Array(10).fill('ok'));
  expect(codesOf([await bens])).toEqual(['ok']);
  clearInterval(release);
  expect(most).toBe(2);
});

test('more waiting calls than a person may have are refused with a time to wait', async () => {
  const payer = new Payer(1_000);
  await payer.enter('search');
  const rest = Array.from({ length: 201 }, () => payer.enter('search').catch((error: Error) => error));
  expect(await rest.at(-1)).toMatchObject({ code: 'limited', retryAfter: expect.any(Number) as number });
});

test('three documents of a caller run at once, and the others wait', async () => {
  const { app, ...rest } = await world({});
  let running = 0;
  const waiting: (() => void)[] = [];
  const schema = buildAdminSchema([
    (builder) =>
      builder.mutationField('none', (t) => t.boolean({ permission: 'everyone', cost: 'act', resolve: () => true })),
    (builder) =>
      builder.queryField('slow', (t) =>
        t.boolean({
          permission: 'everyone',
          cost: 'read',
          resolve: async () => {
            running++;
            await new Promise<void>((resolve) => waiting.push(resolve));
            running--;
            return true;
          },
        }),
      ),
  ]);
  const door = createGraphqlDoor({ house: app.house, schema, config: { production: false, trustProxy: 0 } });
  await door.start();
  const http = opened(await secondDoor({ app, ...rest }, [], { graphql: door.handler }));
  const asked = Array.from({ length: 9 }, () => visitor(http.origin).graphql('{ slow }'));
  await until(() => running === 3, 'three documents');
  await visitor(http.origin).ask('GET', '/livez');
  expect(running).toBe(3);
  const release = setInterval(() => waiting.splice(0).forEach((go) => go()), 5);
  expect((await Promise.all(asked)).map(({ data }) => data)).toEqual(Array(9).fill({ slow: true }));
  clearInterval(release);
  await door.stop();
});

test('typing beyond its share is dropped silently and leaves the budget for messages', async () => {
  const { device } = await world({ PARLEY_CALLS_PER_SECOND: '20' });
  const [ada, ben] = [await device('Ada'), await device('Ben')];
  const room = await ada.group('Planning', [ben]);
  const conversationId = room.conversation.id;
  const answers = [];
  for (let n = 0; n < 150; n++) answers.push(await ada.raw('typing:set', { conversationId, typing: n % 2 === 0 }));
  expect(codesOf(answers)).toEqual(Array(150).fill('ok'));
  await ada.says('still there', { in: room });
  await until(() => ben.heard(conversationId).includes('still there'), 'the message');
  expect(ben.others.filter(({ event }) => event === 'typing').length).toBeLessThan(120);
});

test('connections that flood are cut; another device of the person stays connected', async () => {
  const { origin } = await bare({ config: { callsPerSecond: 20 } });
  const phone = await client(origin, 'ada phone');
  const rogues = await Promise.all(Array.from({ length: 8 }, (_, n) => client(origin, `ada rogue${n}`)));
  for (let n = 0; n < 300; n++) for (const { socket } of rogues) socket.emit('session:me', {});
  await until(() => rogues.every(({ socket }) => !socket.connected), 'the cuts');
  const answer = await phone.says('session:me');
  expect(['ok', 'limited']).toContain(answer.error?.code ?? 'ok');
  expect(phone.socket.connected).toBe(true);
});

/** A connection that never shows who it is. */
async function stranger(origin: string): Promise<WebSocket> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => undefined);
  opened({ close: () => socket.terminate() });
  await once(socket, 'open');
  return socket;
}

test('unsigned sockets make room for new ones and take no place from signed-in ones', async () => {
  const elsewhere = await bare({});
  const { origin } = await bare({ config: { connectionsPerAddress: 3, unsignedPerAddress: 5 } });
  // All have five seconds. This one began first, and no newer connection needs its place.
  const patient = await stranger(elsewhere.origin);
  const others: WebSocket[] = [];
  for (let n = 0; n < 20; n++) others.push(await stranger(origin));
  const isClosed = (socket: WebSocket) => socket.readyState === WebSocket.CLOSED;
  await until(() => others.slice(0, 15).every(isClosed), 'the oldest to make room');
  expect(isClosed(patient)).toBe(false);
  for (const device of ['1', '2', '3']) expect((await client(origin, `ada ${device}`)).socket.connected).toBe(true);
});
