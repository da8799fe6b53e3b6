import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket as NetSocket } from 'node:net';
import { Server, type Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../testing/client.ts';
import { Broadcast, type Seat } from './broadcast.ts';
import { createLog } from './log.ts';
import type { ByeEvent } from '@parley/protocol/sync.ts';

// A stock Socket.IO server with stock clients; our frames go out beside the library's own packets.
const broadcast = new Broadcast(createLog('silent'), { slowReaderBytes: 100_000 });
const http = createServer();
const server = new Server(http, { transports: ['websocket'] });
const seats = new Map<string, { seat: Seat; socket: ServerSocket; byes: ByeEvent[] }>();
const clients: Socket[] = [];
let origin = '';

beforeAll(async () => {
  server.on('connection', (socket) => {
    const wire = (socket.conn.transport as unknown as { socket: { _socket: NetSocket } }).socket._socket;
    const byes: ByeEvent[] = [];
    const link = { wire, close: (bye: ByeEvent) => (byes.push(bye), void socket.conn.close()) };
    const { person, device } = socket.handshake.auth as { person: string; device: string };
    const seat = broadcast.seat(person, device, link);
    broadcast.open(seat);
    seats.set(device, { seat, socket, byes });
    socket.on('disconnect', () => broadcast.remove(seat));
    socket.on('echo', (value: unknown, ack: (value: unknown) => void) => ack(value));
    socket.on('ours', (_value: unknown, _ack: unknown) => undefined);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server.close();
});

/** A stock client that keeps every event it hears, in order. */
async function listener(
  person: string,
  device: string,
): Promise<{ client: Socket; heard: unknown[][]; seat: Seat; socket: ServerSocket; byes: ByeEvent[] }> {
  const client = io(origin, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { person, device },
  });
  clients.push(client);
  const heard: unknown[][] = [];
  client.onAny((...event: unknown[]) => void heard.push(event));
  await new Promise<void>((resolve) => client.once('connect', resolve));
  await until(() => seats.has(device), 'the seat');
  return { client, heard, ...seats.get(device)! };
}

describe('with a stock client', () => {
  test('events arrive whole and in order, beside the library’s own emits and acknowledgements', async () => {
    const ada = await listener('ada', 'order-1');
    broadcast.join(ada.seat, 'order');
    const echoes: unknown[] = [];
    for (let n = 0; n < 500; n++) {
      broadcast.toRoom('order', 'change', `{"n":${n}}`);
      if (n % 7 === 0) ada.socket.emit('stock', n);
      if (n % 11 === 0) ada.client.emit('echo', n, (value: unknown) => echoes.push(value));
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const ours = () => ada.heard.filter(([event]) => event === 'change');
    await until(
      () => ours().length === 500 && ada.heard.length === 500 + 72 && echoes.length === 46,
      'everything said',
    );
    expect(ours().map(([, payload]) => (payload as { n: number }).n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(ada.heard.filter(([event]) => event === 'stock').map(([, n]) => n)).toEqual(
      Array.from({ length: 72 }, (_, n) => n * 7),
    );
  });

  test.each([
    ['nothing much', ''],
    ['a byte short of the 16-bit length', 'x'.repeat(90)],
    ['the 16-bit length', 'x'.repeat(60_000)],
    ['the 64-bit length', 'x'.repeat(70_000)],
    ['half a megabyte', '长'.repeat(180_000)],
    ['emoji and Chinese', '👩‍👩‍👧‍👦 会议改到下午三点 — naïve “quotes” \u2028 \\ \n "'],
  ])('a payload of %s arrives as it was', async (name, body) => {
    const ada = await listener('ada', `sizes-${name}`);
    broadcast.toSeat(ada.seat, 'change', JSON.stringify({ body }));
    await until(() => ada.heard.length === 1, 'the event');
    expect(ada.heard[0]).toEqual(['change', { body }]);
  });

  test('many large frames of one tick arrive in order', async () => {
    const ada = await listener('ada', 'large-1');
    for (let n = 0; n < 8; n++) broadcast.toSeat(ada.seat, 'large', JSON.stringify({ n, body: 'y'.repeat(30_000) }));
    await until(() => ada.heard.length === 8, 'all of them');
    expect(ada.heard.map(([, payload]) => (payload as { n: number }).n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('an acknowledgement of ours is what emit’s callback gets, before what is said after it', async () => {
    const ada = await listener('ada', 'ack-1');
    const order: unknown[] = [];
    ada.client.on('after', () => order.push('after'));
    ada.client.emit('ours', 1, (answer: unknown) => order.push(answer));
    await new Promise((resolve) => ada.client.emit('echo', 1, resolve));
    // The stock client numbers its calls 0, 1, 2 …
    broadcast.answer(ada.seat, 0, '{"ok":{"text":"会议"}}');
    broadcast.toSeat(ada.seat, 'after', '1');
    await until(() => order.length === 2, 'both');
    expect(order).toEqual([{ ok: { text: '会议' } }, 'after']);
  });

  test('what was said to a seat while it arrived comes once it is open', async () => {
    const ada = await listener('ada', 'arrive-1');
    ada.seat.open = false;
    broadcast.toSeat(ada.seat, 'early', '1');
    await new Promise((resolve) => ada.client.emit('echo', 1, resolve));
    expect(ada.heard).toEqual([]);
    broadcast.open(ada.seat);
    await until(() => ada.heard.length === 1, 'the early event');
  });
});

describe('rooms', () => {
  test('only who sits in a room hears it, and nobody twice', async () => {
    const [ada, ben, cy] = [
      await listener('ada', 'rooms-1'),
      await listener('ben', 'rooms-2'),
      await listener('cy', 'rooms-3'),
    ];
    for (const { seat } of [ada, ben]) broadcast.join(seat, 'tea');
    broadcast.join(ada.seat, 'tea');
    broadcast.toRoom('tea', 'first', '1');
    broadcast.toRoom('tea', 'second', '2', 'ada');
    broadcast.leave(ben.seat, 'tea');
    broadcast.leave(cy.seat, 'tea');
    broadcast.toRoom('tea', 'third', '3');
    await until(() => ada.heard.length === 2 && ben.heard.length === 2, 'what was said');
    expect(ada.heard).toEqual([
      ['first', 1],
      ['third', 3],
    ]);
    expect(ben.heard).toEqual([
      ['first', 1],
      ['second', 2],
    ]);
    expect(cy.heard).toEqual([]);
  });

  test('a person enters and leaves with every connection', async () => {
    const [one, two] = [await listener('dora', 'person-1'), await listener('dora', 'person-2')];
    broadcast.joinPerson('dora', 'hall');
    broadcast.toRoom('hall', 'in', '1');
    broadcast.leavePerson('dora', 'hall');
    broadcast.toRoom('hall', 'out', '1');
    await until(() => one.heard.length === 1 && two.heard.length === 1, 'both devices');
    expect(broadcast.seatsOf('dora').length).toBe(2);
  });

  test('a leave announced while a seat arrives wins over the rooms read before it', async () => {
    const { seat } = await listener('eve', 'left-1');
    broadcast.entering(seat);
    broadcast.leavePerson('eve', 'secret');
    broadcast.join(seat, 'secret');
    broadcast.leavePerson('eve', 'again');
    broadcast.joinPerson('eve', 'again');
    broadcast.join(seat, 'other');
    expect(seat.rooms.map((room) => room.name).sort()).toEqual(['again', 'everyone', 'other', 'user:eve']);
  });

  test('after any sequence of entering and leaving, rooms and seats agree', () => {
    const wire = {} as NetSocket;
    const made = Array.from({ length: 12 }, (_, n) =>
      broadcast.seat(`p${n % 5}`, `d${n}`, { wire, close: () => undefined }),
    );
    for (const seat of made) broadcast.open(seat);
    const should = new Map(made.map((seat) => [seat, new Set<string>()]));
    let random = 7;
    const next = (below: number) => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let step = 0; step < 20_000; step++) {
      const seat = made[next(made.length)]!;
      const room = `random-${next(9)}`;
      if (next(2) === 0) {
        broadcast.join(seat, room);
        should.get(seat)!.add(room);
      } else {
        broadcast.leave(seat, room);
        should.get(seat)!.delete(room);
      }
    }
    for (const [seat, rooms] of should) {
      expect(
        seat.rooms
          .map((room) => room.name)
          .filter((name) => name.startsWith('random-'))
          .sort(),
      ).toEqual([...rooms].sort());
      seat.rooms.forEach((room, slot) => {
        expect(room.seats[seat.places[slot]!]).toBe(seat);
        expect(room.slots[seat.places[slot]!]).toBe(slot);
      });
    }
    for (const seat of made) broadcast.remove(seat);
    expect(made.every((seat) => seat.rooms.length === 0)).toBe(true);
  });
});

describe('cutting', () => {
  test('an ended device hears what it was owed, the goodbye, and nothing after', async () => {
    const [ended, other] = [await listener('fay', 'cut-1'), await listener('fay', 'cut-2')];
    broadcast.toRoom('user:fay', 'last', '1');
    broadcast.cutDevice('cut-1', { code: 'session_ended', message: 'gone' });
    broadcast.toRoom('user:fay', 'after', '1');
    await until(() => !ended.client.connected && other.heard.length === 2, 'the cut');
    expect(ended.heard).toEqual([
      ['last', 1],
      ['bye', { code: 'session_ended', message: 'gone' }],
    ]);
    expect(broadcast.seatsOf('fay').length).toBe(1);
  });

  test('a connection that does not read is cut with resync, and others hear everything', async () => {
    const { port } = http.address() as AddressInfo;
    const stalled = connect(port, '127.0.0.1');
    await once(stalled, 'connect');
    stalled.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await once(stalled, 'data');
    const hello = Buffer.from('40{"person":"gus","device":"slow-1"}');
    stalled.write(Buffer.concat([Buffer.from([0x81, 0x80 | hello.length, 0, 0, 0, 0]), hello]));
    await until(() => seats.has('slow-1'), 'the stalled seat');
    stalled.pause();
    const hal = await listener('hal', 'slow-2');
    const slow = seats.get('slow-1')!;
    for (const { seat } of [slow, hal]) broadcast.join(seat, 'busy');
    const payload = JSON.stringify('z'.repeat(50_000));
    let said = 0;
    await until(() => {
      broadcast.toRoom('busy', 'change', payload);
      said++;
      return slow.byes.length > 0;
    }, 'the cut');
    expect(slow.byes.map((bye) => bye.code)).toEqual(['resync']);
    expect(broadcast.seatsOf('gus')).toEqual([]);
    // Not much more than the cap and one tick's frames lies in this process for it.
    expect(slow.seat.link.wire.writableLength).toBeLessThan(100_000 + 2 * 60_000);
    await until(() => hal.heard.length === said, 'the other reader');
    stalled.destroy();
  });
});
