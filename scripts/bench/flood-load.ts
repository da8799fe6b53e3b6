import { setPriority } from 'node:os';
import { connect as connectTcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { socketWith } from '../../server/testing/client.ts';
import { answering } from './children.ts';
import type { Ground } from './flood.ts';

/*
 * The attacker, in a process of its own and with the lowest priority: what is measured is the server, and not two
 * programs that share a machine. Each attack runs for a while and answers how many of its calls were answered, refused,
 * and cut.
 */

setPriority(19);

export type Way = keyof typeof attacks;
type Attack = (ground: Ground, token: string, until: number, seen: Seen) => Promise<void>;
type Seen = { done: number; refused: number; cut: number };
export type Asked = { way: Way; ground: Ground; token: string; ms: number };

const sockets = 50;

const attacks = {
  sends: overSockets(60, (n, { busy }) => [
    'message:send',
    { conversationId: busy, clientId: `flood-${process.pid}-${n}`, body: `flood ${n} `.padEnd(100, 'x') },
  ]),
  'long sends': overSockets(10, (n, { busy }) => [
    'message:send',
    { conversationId: busy, clientId: `flood-${process.pid}-${n}`, body: `flood ${n} `.padEnd(20_000, 'x') },
  ]),
  searches: overSockets(5, () => ['message:search', { query: '"ipsum lorem"' }]),
  'people searches': overSockets(40, (n) => ['people:search', { query: ['co', 'ro', 'league', 'gue'][n % 4]! }]),
  typing: overSockets(80, (n, { busy }) => ['typing:set', { conversationId: busy, typing: n % 2 === 0 }]),
  REST: overHttp(50, ({ origin }, token) => fetch(`${origin}/api/me`, { headers: bearer(token) })),
  GraphQL: overHttp(12, ({ origin }, token) =>
    fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: JSON.stringify({ query: fifteenMetrics }),
    }),
  ),
  strangers,
} satisfies Record<string, Attack>;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const day = (years: number) => new Date(Date.now() - years * 365.25 * 86_400_000).toISOString().slice(0, 10);
const fifteenMetrics = `{${Array.from(
  { length: 15 },
  (_, n) =>
    ` m${n}: metric(id: "${n % 2 ? 'messages.sent' : 'people.active'}", from: "${day(20)}", to: "${day(0)}", timeZone: "Europe/Berlin", grain: week) { total points { bucket value } }`,
).join('')} }`;

/** A wrong password for one of a few accounts. */
const guess = ({ origin }: Ground, n: number) =>
  fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `rogue${n % 5}@flood.example`, password: 'wrong', device: 'flood', keep: 'body' }),
  });

/**
 * Fifty sockets of one person, each calling at a rate whatever the answers say; one that is cut comes back after a
 * second.
 */
function overSockets(perSecond: number, callOf: (n: number, ground: Ground) => [string, object]): Attack {
  return async (ground, token, until, seen) => {
    const open: ReturnType<typeof socketWith>[] = [];
    let n = 0;
    const heard = (answer: { error?: object }) => void (answer.error ? seen.refused++ : seen.done++);
    await Promise.all(
      Array.from({ length: sockets }, async () => {
        while (performance.now() < until) {
          const socket = socketWith(ground.origin, token);
          open.push(socket);
          await new Promise((resolve) => socket.once('connect', () => resolve(0)).once('connect_error', resolve));
          const began = performance.now();
          for (let said = 0; socket.connected && performance.now() < until;) {
            for (const due = ((performance.now() - began) / 1_000) * perSecond; said < due; said++)
              socket.emit(...callOf(n++, ground), heard);
            await pause(20);
          }
          if (performance.now() < until) seen.cut++;
          socket.disconnect();
          await pause(1_000);
        }
      }),
    );
    for (const socket of open) socket.disconnect();
  };
}

/** So many requests of one person under way all the time. */
function overHttp(atOnce: number, ask: (ground: Ground, token: string) => Promise<Response>): Attack {
  return async (ground, token, until, seen) => {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (performance.now() < until) {
          const answer = await ask(ground, token).catch(() => null);
          await answer?.arrayBuffer().catch(() => null);
          if (answer === null) seen.cut++;
          else if (answer.ok) seen.done++;
          else seen.refused++;
        }
      }),
    );
  };
}

/** Upgrades that never show a token, half-open requests, and wrong passwords, all from one address. */
async function strangers(ground: Ground, _token: string, until: number, seen: Seen): Promise<void> {
  const { hostname, port } = new URL(ground.origin);
  const begin = (said: string) => {
    const stream = connectTcp(Number(port), hostname);
    stream.on('error', () => undefined).on('close', () => seen.cut++);
    stream.on('data', () => seen.done++);
    stream.write(said);
    return stream;
  };
  const upgrade =
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  const open = [];
  const began = performance.now();
  for (let said = 0; performance.now() < until;) {
    for (const due = ((performance.now() - began) / 1_000) * 400; said < due; said++) {
      open.push(begin(said % 4 === 0 ? 'POST /api/session HTTP/1.1\r\nHost: x\r\n' : upgrade));
      if (said % 8 === 0)
        void guess(ground, said).then(
          () => seen.refused++,
          () => seen.cut++,
        );
    }
    await pause(20);
  }
  for (const stream of open) stream.destroy();
}

async function run({ way, ground, token, ms }: Asked): Promise<Seen> {
  const seen: Seen = { done: 0, refused: 0, cut: 0 };
  await attacks[way](ground, token, performance.now() + ms, seen);
  return seen;
}

answering((asked: never) => run(asked));
