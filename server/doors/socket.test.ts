import { once } from 'node:events';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { calls as catalogue, type CallName } from '@parley/protocol/catalogue.ts';
import type { Answer, Refusal } from '@parley/protocol/errors.ts';
import type { Authority } from '../kernel/authority.ts';
import { notFound, Refused } from '../kernel/errors.ts';
import { JsonText } from '../kernel/json-text.ts';
import { believesEverybody, callsAnswering, openBareHouse, type BareHouse } from '../testing/bare-house.ts';
import { until } from '../testing/client.ts';
import { call, type SocketCall } from './socket.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function house(options: Parameters<typeof openBareHouse>[0] = {}): Promise<BareHouse> {
  const made = await openBareHouse(options);
  open.push(made);
  return made;
}

type Client = { socket: Socket; heard: unknown[][]; says(name: string, ...args: unknown[]): Promise<Answer<unknown>> };

/** A stock client. Rejects with the server's refusal. */
async function client(origin: string, token: unknown, headers: Record<string, string> = {}): Promise<Client> {
  const socket = io(origin, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token },
    extraHeaders: headers,
  });
  open.push(socket);
  const heard: unknown[][] = [];
  socket.onAny((...event: unknown[]) => void heard.push(event));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error: Error & { data?: Refusal }) =>
      reject(new Error(error.data?.code ?? error.message)),
    );
  });
  return { socket, heard, says: (name, ...args) => new Promise((resolve) => socket.emit(name, ...args, resolve)) };
}

const socketOf = (origin: string, headers: Record<string, string> = {}) =>
  new WebSocket(`${origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, { headers });
/** The status an upgrade is answered with: 101, or the refusal. */
async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  socket.on('error', () => undefined);
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
  socket.terminate();
  return status;
}

describe('coming in', () => {
  test('a token in the handshake opens the door; a missing, empty, absurd or wrong one does not', async () => {
    const { origin } = await house();
    expect((await client(origin, 'ada phone')).socket.connected).toBe(true);
    for (const token of [undefined, '', 42, { a: 1 }, 'x'.repeat(5_000), 'no-device'])
      await expect(client(origin, token)).rejects.toThrow('unauthenticated');
  });

  test('a cookie or an Authorization header opens nothing', async () => {
    const { origin } = await house();
    await expect(
      client(origin, undefined, { cookie: 'token=ada phone', authorization: 'Bearer ada phone' }),
    ).rejects.toThrow('unauthenticated');
  });

  test('pages of other origins cannot connect, our own and the configured ones can', async () => {
    const { origin } = await house({
      config: { publicUrl: 'https://chat.example.com/', origins: ['https://intranet.example.com'] },
    });
    const door = `${origin}/socket.io/?EIO=4&transport=websocket`;
    for (const fine of [origin, 'https://chat.example.com', 'https://intranet.example.com'])
      expect(await statusOf(door, { origin: fine })).toBe(101);
    for (const foreign of [
      'https://evil.example',
      'null',
      'https://chat.example.com.evil.example',
      'http://chat.example.com',
      '',
      'file://',
    ]) {
      expect([foreign, await statusOf(door, { origin: foreign })]).toEqual([foreign, 403]);
    }
    expect(await statusOf(door)).toBe(101);
  });

  test('other transports, other revisions and sessions named by id are refused', async () => {
    const { origin } = await house();
    for (const query of [
      'EIO=3&transport=websocket',
      'transport=websocket',
      'EIO=4&transport=polling',
      'EIO=4&transport=websocket&sid=__proto__',
      'EIO=4&transport=websocket&sid=constructor',
      '',
    ]) {
      expect([query, await statusOf(`${origin}/socket.io/?${query}`)]).toEqual([query, 400]);
    }
    expect(await statusOf(`${origin}/elsewhere`)).toBe(404);
  });

  test('a connection that does not sign in is closed', async () => {
    const { origin } = await house();
    const silent = socketOf(origin);
    await once(silent, 'close');
  });

  test('a session ended while its person was being let in does not get in', async () => {
    const ended = new Set<string>();
    const authority: Authority = {
      ...believesEverybody,
      async identify(token) {
        const actor = await believesEverybody.identify(token);
        ended.add(actor.deviceId!);
        return actor;
      },
      refresh(actor) {
        if (ended.has(actor.deviceId!)) throw new Refused('session_ended', 'This session was ended.');
        return actor;
      },
    };
    const { origin, house: inside } = await house({ authority });
    await expect(client(origin, 'ada phone')).rejects.toThrow('session_ended');
    expect(inside.broadcast.seatsOf('ada')).toEqual([]);
  });

  test('a second sign-in on one connection does not get a second seat', async () => {
    let seats = 0;
    const { origin, house: inside } = await house({
      onConnect: [() => void seats++, () => new Promise((resolve) => setTimeout(resolve, 100))],
    });
    const raw = socketOf(origin);
    await once(raw, 'open');
    for (let n = 0; n < 5; n++) raw.send('40{"token":"ada phone"}');
    await once(raw, 'close');
    await until(() => inside.broadcast.seatsOf('ada').length === 0, 'every seat given up');
    expect(seats).toBe(1);
  });

  test('a person may open so many connections, an address so many', async () => {
    const { origin, server } = await house({
      config: { connectionsPerPerson: 3, connectionsPerAddress: 6, trustProxy: 1 },
    });
    const three = await Promise.all(['1', '2', '3'].map((device) => client(origin, `ada ${device}`)));
    await expect(client(origin, 'ada 4')).rejects.toThrow('limited');
    three[0]!.socket.disconnect();
    await until(async () => (await client(origin, 'ada 5').catch(() => null)) !== null, 'the freed place');
    await Promise.all(['b', 'c', 'd'].map((name) => client(origin, `${name} 1`)));
    const door = `http://127.0.0.1:${(server.address() as AddressInfo).port}/socket.io/?EIO=4&transport=websocket`;
    expect(await statusOf(door)).toBe(429);
    expect(await statusOf(door, { 'x-forwarded-for': '10.0.0.1' })).toBe(101);
    expect(await statusOf(door, { 'x-forwarded-for': '10.0.0.1, 127.0.0.1' })).toBe(429);
  });

  test('rooms are entered before the greeting, and a hook that throws turns the connection away', async () => {
    const { origin, house: inside } = await house({
      onConnect: [
        async (seat, actor) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          if (actor.id === 'bad') throw new Error('a hook failed');
          inside.broadcast.join(seat, 'general');
          inside.broadcast.toRoom('general', 'change', '{"early":true}');
        },
      ],
    });
    const ada = await client(origin, 'ada phone');
    await until(() => ada.heard.length === 1, 'what was said before the greeting');
    await expect(client(origin, 'bad phone')).rejects.toThrow('internal');
    expect(inside.broadcast.seatsOf('bad')).toEqual([]);
  });
});

describe('calls', () => {
  const clashing: Partial<Record<CallName, () => Promise<unknown>>> = {
    'session:me': async () => new JsonText('{"already":"JSON 会议 👋"}'),
    'sync:start': async () => ({ plain: [1, null, '会议'] }),
    'read:mark': async () => {
      throw notFound('conversation');
    },
    'people:get': async () => {
      throw new TypeError('a bug');
    },
    'people:search': async () => undefined,
    'thread:mark': async () => ({ circular: 1n }),
  };
  const id = '00000000-0000-7000-8000-000000000000';

  test('answers arrive as they were given: objects, text passed through, refusals', async () => {
    const { origin, logged } = await house({ calls: callsAnswering(clashing) });
    const { says } = await client(origin, 'ada phone');
    expect(await says('session:me', {})).toEqual({ ok: { already: 'JSON 会议 👋' } });
    expect(await says('sync:start', {})).toEqual({ ok: { plain: [1, null, '会议'] } });
    expect(await says('people:search', { query: '' })).toEqual({ ok: null });
    expect((await says('read:mark', { conversationId: id, line: 1 })).error).toMatchObject({
      code: 'not_found',
      fault: 'yours',
    });
    expect((await says('people:get', { ids: [id] })).error).toMatchObject({ code: 'internal', fault: 'ours' });
    expect((await says('thread:mark', { conversationId: id, threadId: id, answers: 1 })).error).toMatchObject({
      code: 'internal',
    });
    expect(logged.filter((line) => line.includes('a bug')).length).toBe(1);
  });

  test('an unknown call, a malformed input and a wrong shape of arguments are refused by name', async () => {
    const { origin } = await house();
    const { says, socket } = await client(origin, 'ada phone');
    for (const name of ['message:sned', '__proto__', 'constructor', 'toString', ''])
      expect((await says(name, {})).error?.code).toBe('unknown_operation');
    expect((await says('message:send', { conversationId: 'x' })).error).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('conversationId') as string,
    });
    expect((await says('message:send')).error?.code).toBe('malformed');
    expect((await says('session:me', {}, {})).error?.code).toBe('malformed');
    expect(socket.connected).toBe(true);
  });

  test('bytes end the connection: no call takes any, and waiting for attachments would be waiting for a stranger', async () => {
    const { origin } = await house();
    const { socket } = await client(origin, 'ada phone');
    socket.emit('session:me', Buffer.from('x'));
    await until(() => !socket.connected, 'the end');
    expect((await client(origin, 'ada phone')).socket.connected).toBe(true);
  });

  test('a call without an acknowledgement still runs', async () => {
    let ran = 0;
    const { origin } = await house({ calls: callsAnswering({ 'session:me': async () => void ran++ }) });
    const { socket } = await client(origin, 'ada phone');
    socket.emit('session:me', {});
    await until(() => ran === 1, 'the call');
  });

  test('calls beyond the budget are refused with a time to wait, and flooding ends the connection', async () => {
    const { origin } = await house({ config: { callsPerSecond: 5 } });
    const { says, socket } = await client(origin, 'ada phone');
    const answers = await Promise.all(Array.from({ length: 60 }, () => says('session:me', {})));
    const limited = answers.filter((answer) => answer.error?.code === 'limited');
    expect(limited.length).toBeGreaterThanOrEqual(5);
    expect(limited[0]!.error!.retryAfter).toBeGreaterThan(0);
    for (let n = 0; n < 300; n++) socket.emit('session:me', {});
    await until(() => !socket.connected, 'the cut');
  });

  test('whoever was ended hears why at the next call and is closed', async () => {
    let ended = false;
    const authority: Authority = {
      ...believesEverybody,
      refresh(actor) {
        if (ended) throw new Refused('suspended', 'This account is suspended.');
        return actor;
      },
    };
    const { origin } = await house({ authority });
    const ada = await client(origin, 'ada phone');
    ended = true;
    expect((await ada.says('session:me', {})).error?.code).toBe('suspended');
    await until(() => !ada.socket.connected, 'the cut');
    expect(ada.heard).toEqual([['bye', { code: 'suspended', message: expect.any(String) as string }]]);
  });
});

describe('going out', () => {
  test('ending a session or suspending a person closes their connections at once, and nobody else’s', async () => {
    const { origin, house: inside } = await house();
    const [phone, laptop, ben] = await Promise.all(
      ['ada phone', 'ada laptop', 'ben phone'].map((token) => client(origin, token)),
    );
    inside.events.announce([{ type: 'session.ended', payload: { deviceId: 'laptop' }, actorId: null }]);
    await until(() => !laptop!.socket.connected, 'the ended device');
    expect(laptop!.heard).toEqual([['bye', { code: 'session_ended', message: expect.any(String) as string }]]);
    expect(phone!.socket.connected).toBe(true);
    inside.events.announce([{ type: 'user.suspended', payload: { userId: 'ada' }, actorId: null }]);
    await until(() => !phone!.socket.connected, 'the suspended person');
    expect(phone!.heard).toEqual([['bye', { code: 'suspended', message: expect.any(String) as string }]]);
    expect(ben!.socket.connected).toBe(true);
  });

  test('a client that leaves the namespace but keeps the line open hears nothing more', async () => {
    const { origin, house: inside } = await house();
    const raw = socketOf(origin);
    await once(raw, 'open');
    raw.send('40{"token":"ada phone"}');
    await until(() => inside.broadcast.seatsOf('ada').some((seat) => seat.open), 'the seat');
    raw.send('41');
    await once(raw, 'close');
    expect(inside.broadcast.seatsOf('ada')).toEqual([]);
  });

  test('when the house stops everybody hears it, and a stock client comes back by itself', async () => {
    const first = await house();
    const { port } = first.server.address() as AddressInfo;
    const socket = io(first.origin, {
      transports: ['websocket'],
      forceNew: true,
      auth: { token: 'ada phone' },
      reconnectionDelay: 50,
    });
    open.push(socket);
    const byes: unknown[] = [];
    socket.on('bye', (bye: { code: string }) => byes.push(bye.code));
    await once(socket as never, 'connect');
    await first.close();
    await until(() => !socket.connected, 'the goodbye');
    expect(byes).toEqual(['restarting']);
    const second = await house({ port });
    await until(() => socket.connected, 'coming back');
    expect(second.house.broadcast.seatsOf('ada').length).toBe(1);
  });

  test('pings nobody reads the answers of, and floods of them, end the connection', async () => {
    const { origin, server } = await house({ config: { callsPerSecond: 10 } });
    const { port } = server.address() as AddressInfo;
    const raw = connectTcp(port, '127.0.0.1');
    raw.on('error', () => undefined);
    raw.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await once(raw, 'data');
    const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
    raw.resume();
    raw.write(Buffer.concat(Array.from({ length: 2_000 }, () => ping)));
    await once(raw, 'close');
    expect((await client(origin, 'ada phone')).socket.connected).toBe(true);
  });
});

describe('opening the door', () => {
  const opening = (calls: SocketCall[]) => openBareHouse({ calls }).then((made) => made.close());

  test('a call of the catalogue nobody answers stops the boot', async () => {
    await expect(opening(callsAnswering({}).slice(1))).rejects.toThrow(
      `${Object.keys(catalogue)[0]} is in the catalogue and nobody answers it`,
    );
  });

  test('a call without a permission stops the boot', async () => {
    const undeclared = call('session:me', undefined as never, 'read', async () => ({}) as never);
    await expect(
      opening([...callsAnswering({}).filter(({ name }) => name !== 'session:me'), undeclared]),
    ).rejects.toThrow('session:me declares no permission');
  });

  test('a call without a cost stops the boot', async () => {
    const undeclared = call('session:me', 'signed-in', undefined as never, async () => ({}) as never);
    await expect(
      opening([...callsAnswering({}).filter(({ name }) => name !== 'session:me'), undeclared]),
    ).rejects.toThrow('session:me declares no cost');
  });

  test('a doubled call stops the boot', async () => {
    await expect(opening([...callsAnswering({}), ...callsAnswering({}).slice(0, 1)])).rejects.toThrow(
      'is offered twice',
    );
  });
});
