import { setTimeout as pause } from 'node:timers/promises';
import { socketWith } from '../../server/testing/client.ts';
import { startChild, type Child } from './children.ts';
import type { Asked, Way } from './flood-load.ts';
import { quantile, times, type Benchmark, type Row } from './result.ts';
import { openStore } from './store.ts';

type Socket = ReturnType<typeof socketWith>;

type Standing = { seconds: number; loopMs: number };

/** Where the flood happens. */
export type Ground = { origin: string; busy: string; quiet: string };

const baseline = 'without a flood';
const ways: Way[] = ['sends', 'long sends', 'searches', 'people searches', 'typing', 'REST', 'GraphQL', 'strangers'];
const victims = 2;
const sendsPerSecond = 25;
/** A budget that was used up is full again. */
const restMs = 3_000;

/** What one person, or strangers, can do to how long others wait for their messages to be stored. */
export const flood: Benchmark = {
  name: 'flood',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    const ms = Math.max(4_000, 15_000 * share);
    const rows: Row[] = [baseline, ...ways].map((name) => ({
      name,
      cost: [],
      also: {
        'p50 ms': [],
        'p95 ms': [],
        'max ms': [],
        'server, % of a core': [],
        'event loop p99 ms': [],
        'done/s': [],
        'refused/s': [],
        'cut/s': [],
      },
    }));
    try {
      await store.prepare(async () => undefined);
      await store.onCopy((url) =>
        store.onClickhouse(async (clickhouseUrl) => {
          const server = await startChild('flood-server.ts', [url, clickhouseUrl], ['--max-semi-space-size=8']);
          const load = await startChild('flood-load.ts', []);
          try {
            const ground = await server.ask<Ground>({
              attackers: rounds * ways.length + 1,
              long: Math.max(50, Math.round(1_000 * share)),
            });
            const colleagues: Socket[] = [];
            for (let n = 1; n <= 20; n++)
              colleagues.push(await connected(ground, await tokenOf(server, `colleague${n}@flood.example`)));
            const senders = colleagues.slice(0, victims);
            await sendFor(ground, senders, ms);
            for (let round = 0; round < rounds; round++)
              for (const [index, row] of rows.entries()) {
                const token = await tokenOf(server, `rogue${round * ways.length + index + 1}@flood.example`);
                await measure(server, load, ground, senders, row, token, ms);
              }
            for (const socket of colleagues) socket.disconnect();
          } finally {
            await load.stop();
            await server.stop();
          }
        }),
      );
    } finally {
      await store.close();
    }
    return {
      name: 'flood',
      how:
        `Two people send ${sendsPerSecond} messages a second each into a room of twenty connected people, for ${ms / 1_000} seconds, while one member with fifty sockets (or fifty requests at a time, or strangers at the same address) floods; ` +
        'server, victims and attacker are processes of their own, the attacker with the lowest priority, and the server has the settings it starts with. Phases are interleaved, each attack with a fresh attacker. ' +
        'Searches are for a phrase that never matches in long messages that hold its words; GraphQL is twelve documents at a time of fifteen numbers over twenty years. A victim whose message is refused fails the run.',
      unit: 'p99 ms until a message is acknowledged',
      rows,
      ratios: ways.map((way) => times(rows, way, baseline, 1.5)),
    };
  },
};

async function measure(
  server: Child,
  load: Child,
  ground: Ground,
  senders: Socket[],
  row: Row,
  token: string,
  ms: number,
): Promise<void> {
  const asked: Asked = { way: row.name as Way, ground, token, ms: ms + 1_000 };
  const attack = row.name === baseline ? null : load.ask<{ done: number; refused: number; cut: number }>(asked);
  if (attack) await pause(1_000);
  const before = await server.ask<Standing>({ standing: true });
  const waited = await sendFor(ground, senders, ms);
  const after = await server.ask<Standing>({ standing: true });
  const seen = (await attack) ?? { done: 0, refused: 0, cut: 0 };
  row.cost.push(quantile(waited, 0.99));
  row.also!['p50 ms']!.push(quantile(waited, 0.5));
  row.also!['p95 ms']!.push(quantile(waited, 0.95));
  row.also!['max ms']!.push(quantile(waited, 1));
  row.also!['server, % of a core']!.push(((after.seconds - before.seconds) / ms) * 100_000);
  row.also!['event loop p99 ms']!.push(after.loopMs);
  for (const kind of ['done', 'refused', 'cut'] as const) row.also![`${kind}/s`]!.push((seen[kind] * 1_000) / asked.ms);
  await pause(restMs);
}

const tokenOf = async (server: Child, email: string) => (await server.ask<{ token: string }>({ signIn: email })).token;

async function connected({ origin }: Ground, token: string): Promise<Socket> {
  const socket = socketWith(origin, token);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

let sent = 0;
/** Sends at the rate, whatever the answers do; returns how long each acknowledgement took. */
async function sendFor({ busy }: Ground, senders: readonly Socket[], ms: number): Promise<number[]> {
  const waited: number[] = [];
  const faults: string[] = [];
  const began = performance.now();
  const due: Promise<void>[] = [];
  let said = 0;
  while (performance.now() < began + ms) {
    for (const wanted = ((performance.now() - began) / 1_000) * sendsPerSecond * victims; said < wanted; said++) {
      const from = performance.now();
      const input = {
        conversationId: busy,
        clientId: `victim-${sent++}`,
        body: `A message of the day, number ${sent}`,
      };
      const answered = senders[said % victims]!.timeout(60_000).emitWithAck('message:send', input) as Promise<{
        error?: { code: string };
      }>;
      due.push(
        answered.then(({ error }) =>
          error ? void faults.push(error.code) : void waited.push(performance.now() - from),
        ),
      );
    }
    await pause(2);
  }
  await Promise.all(due);
  if (faults.length > 0) throw new Error(`messages of a victim were refused: ${[...new Set(faults)].join(', ')}`);
  return waited;
}
