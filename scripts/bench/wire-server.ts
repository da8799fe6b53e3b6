import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { answering } from './children.ts';

/*
 * One server of a wire benchmark: `bare` (ws and a frame made once, written to each stream), `stock` (Socket.IO as its manual shows it) or
 * `ours` (the real socket door and broadcast, without a store behind it). Connection n sits in room ⌊n / roomSize⌋.
 */

/** `say` says `times` messages in a room, for one flush. */
type Style = { port: number; connected(): number; say(room: number, times: number): void };

const [style, roomSizeText] = process.argv.slice(2);
const roomSize = Number(roomSizeText);
const roomOf = (n: number) => Math.floor(n / roomSize);
const numberOf = (url: string | undefined) => Number(/[?&]n=(\d+)/.exec(url ?? '')?.[1]);

// Each style loads only what it stands on, or its neighbours' memory would be counted as its own.
async function bare(): Promise<Style> {
  const { WebSocketServer } = await import('ws');
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const rooms: Socket[][] = [];
  let connected = 0;
  sockets.on('connection', (socket, request) => {
    connected++;
    socket.on('error', () => undefined);
    (rooms[roomOf(numberOf(request.url))] ??= []).push((socket as unknown as { _socket: Socket })._socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connected: () => connected,
    // The floor of what Node.js can do: the frames of one flush are joined once, and each stream gets one write.
    say(room, times) {
      const frames = Array.from({ length: times }, () => {
        const text = Buffer.from(`42["change",${JSON.stringify(message())}]`);
        return Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 255]), text]);
      });
      const joined = times === 1 ? frames[0]! : Buffer.concat(frames);
      for (const stream of rooms[room]!) stream.write(joined);
    },
  };
}

async function stock(): Promise<Style> {
  const { Server: SocketServer } = await import('socket.io');
  const server = createServer();
  const io = new SocketServer(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
  io.on('connection', (socket) => void socket.join(`room:${roomOf(numberOf(socket.handshake.url))}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connected: () => io.of('/').sockets.size,
    say(room, times) {
      for (let i = 0; i < times; i++) io.to(`room:${room}`).emit('change', message());
    },
  };
}

async function ours(): Promise<Style> {
  const { openBareHouse } = await import('../../server/testing/bare-house.ts');
  const { origin, house } = await openBareHouse({
    config: { callsPerSecond: 100 },
    onConnect: [(seat) => house.broadcast.join(seat, `conversation:${roomOf(Number(seat.personId.slice(1)))}`)],
  });
  const { broadcast } = house;
  return {
    port: Number(new URL(origin).port),
    connected: () => broadcast.seats().filter((seat) => seat.open).length,
    say(room, times) {
      for (let i = 0; i < times; i++) broadcast.toRoom(`conversation:${room}`, 'change', JSON.stringify(message()));
    },
  };
}

let seq = 100_000_000;
/** A message as a room hears it, always the same length, never the same text. */
const message = () => ({
  conversationId: '018f3c5e-7b1a-7c3d-9e2f-000000000001',
  head: ++seq,
  change: {
    kind: 'message',
    rev: seq,
    message: {
      id: `018f3c5e-7b1a-7c3d-9e2f-${seq}000`,
      seq,
      senderId: '018f3c5e-7b1a-7c3d-9e2f-000000000002',
      body: 'The quarterly report is ready; please look at section 3 before Friday.',
      at: 1_763_900_000_000,
    },
  },
});

const { port, connected, say } = await { bare, stock, ours }[style as 'bare' | 'stock' | 'ours']();
let arrived = 0;
let wake: () => void = () => undefined;

/** Says `deliveries` in rooms one after another, `batch` messages a flush, with at most 20,000 deliveries on their way. */
async function broadcastAll(rooms: number, batch: number, deliveries: number): Promise<object> {
  arrived = 0;
  let sent = 0;
  let room = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  while (sent < deliveries) {
    if (sent - arrived > 20_000) await new Promise<void>((resolve) => (wake = resolve));
    // No room twice in a tick: that would be a bigger flush.
    for (let n = 0; n < Math.min(2_000, rooms * roomSize); n += roomSize * batch) {
      say(room, batch);
      sent += roomSize * batch;
      room = (room + 1) % rooms;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (arrived < sent) await new Promise<void>((resolve) => (wake = resolve));
  const { user, system } = process.cpuUsage(cpu);
  return { sent, cpu: (user + system) / sent, perSecond: sent / ((performance.now() - began) / 1_000) };
}

async function memoryNow(): Promise<object> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

// The clients report how many events arrived over a line of their own.
const reports = createTcpServer((line) => {
  line.on('data', (data: Buffer) => {
    arrived = Number(data.readBigUInt64LE(data.length - 8));
    wake();
  });
});
reports.listen(0, '127.0.0.1');
await once(reports, 'listening');

type Ask =
  | { ports: true }
  | { connected: true }
  | { memory: true }
  | { say: { rooms: number; batch: number; deliveries: number } };
answering((ask: Ask) => {
  if ('ports' in ask) return { port, reports: (reports.address() as AddressInfo).port };
  if ('connected' in ask) return { connected: connected() };
  if ('memory' in ask) return memoryNow();
  return broadcastAll(ask.say.rooms, ask.say.batch, ask.say.deliveries);
});
