import { startChild } from './children.ts';
import { cheaper, median, type Benchmark, type Ratio, type Row } from './result.ts';
import { fillRooms } from './send.ts';
import { openStore, type Store } from './store.ts';

const rates = [100, 1_000, 5_000];
const nameOf = (rate: number) => `${rate.toLocaleString('en')} messages a second`;
const readRate = 100;
const read = `${nameOf(readRate)}, 6.5 rooms opened and marked for each`;
const polledRate = 1_000;
const polled = `${nameOf(polledRate)}, looked for every second`;

type Flow = {
  sent: number;
  seconds: number;
  cpu: number;
  lag: { p50: number; p99: number; max: number };
  insert: { p50: number; p99: number };
  batch: number;
  tile: { p50: number; p99: number };
  gap: number;
  parts: number;
  base: number;
  rolledUp: number;
};

/** How long after a message is durable the dashboards know of it. */
export const lag: Benchmark = {
  name: 'lag',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    try {
      await store.prepare(fillRooms);
      const rows: Row[] = [...rates.map(nameOf), read, polled].map((name) => ({
        name,
        cost: [],
        also: {
          'lag p50 ms': [],
          'lag max ms': [],
          'one insert p50 ms': [],
          'one insert p99 ms': [],
          'events an insert': [],
          'two tiles p50 ms': [],
          'two tiles p99 ms': [],
          'event loop p99 ms': [],
          'sent/s': [],
          'ClickHouse, % of a core': [],
          'Node.js, % of a core': [],
          'ClickHouse µs CPU a message': [],
          'parts in the end': [],
        },
      }));
      for (let round = 0; round < rounds; round++)
        for (const [index, { rate, way, reading }] of [
          ...rates.map((each) => ({ rate: each, way: 'feed' as const, reading: false })),
          { rate: readRate, way: 'feed' as const, reading: true },
          { rate: polledRate, way: 'poll' as const, reading: false },
        ].entries())
          await measure(store, way, { rate, ms: 5_000 * Math.max(share, 0.2), reading }, rows[index]!);
      return {
        name: 'lag',
        how:
          'Messages sent at a steady rate through the verb and its lane, five seconds each after one to warm up; the feed behind them and two tiles of 30 days, looked at twice a second, in the same process. ' +
          'The lag of a message runs from the moment its sender hears that it is durable to the moment ClickHouse acknowledges it in base and roll-up. The floor is the time of one insert in the same run; the stock way looks at the log once a second. ClickHouse’s CPU is the tiles’, too. ' +
          'An event missing or doubled, in base or roll-up, fails the run.',
        unit: 'lag p99 ms',
        rows,
        ratios: [
          ...rates
            .slice(0, 2)
            .flatMap((rate) => [
              ofOneInsert(rows, rate, 'lag p50 ms', 'one insert p50 ms'),
              ofOneInsert(rows, rate, null, 'one insert p99 ms'),
            ]),
          cheaper(rows, nameOf(polledRate), polled, 3),
          atMost(rows, 1_000, 150),
          atMost(rows, 5_000, 1_000),
        ],
      };
    } finally {
      await store.close();
    }
  },
};

async function measure(
  store: Store,
  way: 'feed' | 'poll',
  { rate, ms, reading }: { rate: number; ms: number; reading: boolean },
  { cost, also }: Row,
): Promise<void> {
  await store.onCopy((url) =>
    store.onClickhouse(async (clickhouseUrl) => {
      const child = await startChild('lag-ways.ts', [url, clickhouseUrl, way], ['--max-semi-space-size=8']);
      try {
        const warm = await child.ask<Flow>({ rate, ms: 1_000, reading });
        const before = await store.clickhouseCpu();
        const flow = await child.ask<Flow>({ rate, ms, reading });
        const after = await store.clickhouseCpu();
        const sent = warm.sent + flow.sent;
        if (flow.base !== sent || flow.rolledUp !== sent)
          throw new Error(`${sent} sent, ${flow.base} in the base, ${flow.rolledUp} in the roll-up`);
        const used = before === null || after === null ? 0 : after - before;
        cost.push(flow.lag.p99);
        const seen = {
          'lag p50 ms': flow.lag.p50,
          'lag max ms': flow.lag.max,
          'one insert p50 ms': flow.insert.p50,
          'one insert p99 ms': flow.insert.p99,
          'events an insert': flow.batch,
          'two tiles p50 ms': flow.tile.p50,
          'two tiles p99 ms': flow.tile.p99,
          'event loop p99 ms': flow.gap,
          'sent/s': flow.sent / flow.seconds,
          'ClickHouse, % of a core': (used / flow.seconds) * 100,
          'Node.js, % of a core': (flow.cpu / flow.seconds) * 100,
          'ClickHouse µs CPU a message': (used * 1e6) / flow.sent,
          'parts in the end': flow.parts,
        };
        for (const [name, value] of Object.entries(seen)) also![name]!.push(value);
      } finally {
        await child.stop();
      }
    }),
  );
}

function ofOneInsert(rows: readonly Row[], rate: number, lagName: string | null, insert: string): Ratio {
  const row = rows.find(({ name }) => name === nameOf(rate))!;
  const value = median(lagName ? row.also![lagName]! : row.cost) / median(row.also![insert]!);
  return {
    says: `${row.name}: ${lagName ?? 'lag p99 ms'}, times ${insert}`,
    value,
    target: '≤ 3',
    reached: value <= 3,
  };
}

function atMost(rows: readonly Row[], rate: number, limit: number): Ratio {
  const value = median(rows.find(({ name }) => name === nameOf(rate))!.cost);
  return {
    says: `${nameOf(rate)}: lag p99 in ms`,
    value,
    target: `≤ ${limit.toLocaleString('en')}`,
    reached: value <= limit,
  };
}
