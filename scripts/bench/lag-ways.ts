import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { migrateClickhouse, openClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { once } from '@parley/analytics/roll-up.ts';
import { dashboardsWatcher, feed } from '../../server/dashboards/feed.ts';
import { analyticsStore, series, type Question } from '../../server/dashboards/numbers.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { OutboxBell, watch } from '../../server/kernel/outbox.ts';
import { inWork } from '../../server/kernel/work.ts';
import { announceSent, send } from '../../server/messages/messages.ts';
import { SendLane, sendLane } from '../../server/messages/send-lane.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse } from './house.ts';
import { readerOf, readsDue } from './reading.ts';
import { quantile } from './result.ts';

/*
 * In a process of its own, as a small installation runs: messages sent at a steady rate, the feed behind them, and two tiles looked at twice a
 * second. Answers how long after its sender heard that a message is durable ClickHouse had acknowledged it, and how long inserts took.
 */

const [url, clickhouseUrl, way] = process.argv.slice(2) as [string, string, 'feed' | 'poll'];
const db = openDatabase(url, createLog('silent'), { poolSize: 10 });
const house = benchHouse(db);
const seats = await db.rows<{ conversationId: string; userId: string }>(
  'select conversation_id as "conversationId", user_id as "userId" from members order by conversation_id, user_id',
);
const lane = house.parts.install(
  sendLane,
  new SendLane(db, house.log, (batch) => announceSent(house, batch), { cap: 20_000 }),
);
const running = new AbortController();
void lane.run(running.signal);

const store = openClickhouse(clickhouseUrl);
await migrateClickhouse(store);
const arrived = new Map<string, number>();
let inserts: { ms: number; events: number }[] = [];
/** The real store, with a clock beside each insert. */
const timed: Clickhouse = {
  ...store,
  async insert(table, columns, tsv, token) {
    const began = performance.now();
    await store.insert(table, columns, tsv, token);
    const now = performance.now();
    const ids = tsv
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 36));
    for (const id of ids) if (!arrived.has(id)) arrived.set(id, now);
    inserts.push({ ms: now - began, events: ids.length });
  },
};
house.parts.install(analyticsStore, store);
/** As it is usually written: nobody rings, and the log is looked at once a second. */
const polling = () =>
  watch(
    db,
    new OutboxBell(),
    { ...dashboardsWatcher(timed, 86_400_000), rest: { times: Infinity, most: 1_000 } },
    house.log,
  );
const feeding = (way === 'feed' ? feed(house, timed, 86_400_000) : polling()).run(running.signal);

const today = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const question: Question = { from: today(-30), to: today(1), timeZone: 'Europe/Berlin', grain: 'day' };
const reader = benchActor(seats[0]!.userId, 'dashboards.read');

type Asked = { rate: number; ms: number; reading: boolean };
const read = readerOf(house, seats);

/** Sends at the rate, whatever the answers do, and waits until the feed has taken everything. */
async function flow({ rate, ms, reading }: Asked): Promise<object> {
  const durable = new Map<string, number>();
  const tiles: number[] = [];
  inserts = [];
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sending: Promise<void>[] = [];
  let looked = 0;
  let reads = 0;
  for (let sent = 0; performance.now() < began + ms;) {
    for (const due = ((performance.now() - began) / 1_000) * rate; sent < due; sent++) sending.push(say(sent, durable));
    for (; reading && readsDue(sent, reads); reads++) sending.push(read());
    if (performance.now() > began + looked * 500) {
      looked++;
      sending.push(look(tiles));
    }
    await pause(1);
  }
  await Promise.all(sending);
  const seconds = (performance.now() - began) / 1_000;
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  while ([...durable.keys()].some((id) => !arrived.has(id))) await pause(5);
  const lags = [...durable].map(([id, at]) => arrived.get(id)! - at);
  const { rows } = await store.query<{ base: number; rolledUp: number }>(
    `select (select count() from events) as base, (select sum(messages) from activity where ${once}) as rolledUp`,
  );
  const { rows: parts } = await store.query<{ parts: number }>(
    `select count() as parts from system.parts where active and database = currentDatabase() and table in ('events', 'activity')`,
  );
  const times = inserts.map((one) => one.ms);
  return {
    sent: durable.size,
    seconds,
    cpu: (user + system) / 1e6,
    lag: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99), max: quantile(lags, 1) },
    insert: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) },
    batch: quantile(
      inserts.map((one) => one.events),
      0.5,
    ),
    tile: { p50: quantile(tiles, 0.5), p99: quantile(tiles, 0.99) },
    gap: loop.percentile(99) / 1e6,
    parts: parts[0]!.parts,
    ...rows[0]!,
  };
}

let n = 0;
async function say(_: number, durable: Map<string, number>): Promise<void> {
  const { conversationId, userId } = seats[(n++ * 7_919) % seats.length]!;
  const { id } = await inWork(house, benchActor(userId, 'messages.send'), (work) =>
    send(work, { conversationId, clientId: `bench-${n}-${Math.random()}`, body: `The pilot moved berth ${n} to 16` }),
  );
  durable.set(id, performance.now());
}

async function look(tiles: number[]): Promise<void> {
  const from = performance.now();
  await Promise.all(
    ['messages.sent', 'people.active'].map((metric) => inWork(house, reader, (work) => series(work, metric, question))),
  );
  tiles.push(performance.now() - from);
}

feeding.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
answering((asked: never) => flow(asked as Asked));
