import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import { startChild } from './children.ts';
import { cheaper, median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore } from './store.ts';

const events = 5_000_000;
const days = 180;
const dayMs = 86_400_000;
const chunk = 500_000;
const metrics = ['messages.sent', 'people.active'] as const;
const ways = { tile: 'Parley’s tile', raw: 'the same questions of the events' } as const;
const nameOf = (metric: string, way: keyof typeof ways) => `${metric}, ${ways[way]}`;

type Told = { took: number[]; shown: { points: { bucket: string; value: number }[]; total: number; rowsRead: number } };

/** What a tile of half a year takes. */
export const tile: Benchmark = {
  name: 'tile',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    try {
      await store.prepare(async () => undefined);
      const count = Math.ceil((events * share) / 1_000) * 1_000;
      const end = Math.floor(Date.now() / dayMs) * dayMs;
      const rows: Row[] = metrics.flatMap((metric) =>
        (['tile', 'raw'] as const).map((way) => ({
          name: nameOf(metric, way),
          cost: [],
          also: { 'ClickHouse ms CPU': [], 'rows read': [] },
        })),
      );
      let rolledUp = 0;
      await store.onCopy((url) =>
        store.onClickhouse(async (clickhouseUrl) => {
          rolledUp = await load(clickhouseUrl, count, end);
          const day = (at: number) => new Date(at).toISOString().slice(0, 10);
          const child = await startChild('tile-ways.ts', [url, clickhouseUrl, day(end - days * dayMs), day(end)]);
          try {
            for (let round = 0; round < rounds; round++)
              for (const metric of metrics) {
                const numbers: string[] = [];
                for (const way of ['tile', 'raw'] as const) {
                  const row = rows.find(({ name }) => name === nameOf(metric, way))!;
                  const times = 8;
                  await child.ask<Told>({ way, metric, times: 1 });
                  const before = await store.clickhouseCpu();
                  const { took, shown } = await child.ask<Told>({ way, metric, times });
                  const after = await store.clickhouseCpu();
                  row.cost.push(median(took));
                  row.also!['ClickHouse ms CPU']!.push(
                    before === null || after === null ? 0 : ((after - before) * 1_000) / times,
                  );
                  row.also!['rows read']!.push(shown.rowsRead);
                  numbers.push(JSON.stringify({ ...shown, rowsRead: 0 }));
                }
                if (numbers[0] !== numbers[1])
                  throw new Error(`${metric}: the tile and the events do not say the same`);
              }
          } finally {
            await child.stop();
          }
        }),
      );
      return {
        name: 'tile',
        how:
          `${count.toLocaleString('en')} messages of ${days} days by 20,000 people of 40 departments in three kinds of conversations, in working hours, taken in through the roll-up (${rolledUp.toLocaleString('en')} rows). ` +
          'A tile is everything the console asks for at once: each day, the total, both again for the period before, and how fresh it all is; one tile at a time, eight a round. ' +
          'The same four questions are put to the events, as they are where days do not begin on whole hours. Numbers that differ fail the run.',
        unit: 'ms a tile',
        rows,
        ratios: [
          cheaper(rows, nameOf('messages.sent', 'tile'), nameOf('messages.sent', 'raw'), 3),
          cheaper(rows, nameOf('people.active', 'tile'), nameOf('people.active', 'raw'), 8),
          ...metrics.map((metric) => atMost(rows, nameOf(metric, 'tile'), 100)),
        ],
      };
    } finally {
      await store.close();
    }
  },
};

/** Events as half a year brings them, in the order of their times, made where they are stored. Answers how many rows the roll-up has. */
async function load(url: string, count: number, end: number): Promise<number> {
  const clickhouse = openClickhouse(url);
  for (let from = 0; from < count; from += chunk) {
    await clickhouse.command(
      `insert into events
       select generateUUIDv4(), 'message',
         fromUnixTimestamp64Milli(toInt64({end:Int64} - ({days:Int64} - intDiv(number * {days:Int64}, {count:Int64})) * 86400000 + 25200000 + cityHash64(number) % 43200000)),
         (cityHash64(number, 1) % 20000) as who, who % 100 = 0,
         toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(who % 40), 12, '0'))),
         toUUID(concat('00000000-0000-7000-9000-', leftPad(toString(cityHash64(number, 2) % 5000), 12, '0'))),
         ['direct', 'group', 'channel'][1 + cityHash64(number, 2) % 3], generateUUIDv4()
       from numbers({from:UInt64}, {size:UInt64})`,
      { end, days, count, from, size: Math.min(chunk, count - from) },
    );
  }
  const { rows } = await clickhouse.query<{ base: number; rolledUp: number; kept: number }>(
    'select (select count() from events) as base, (select sum(messages) from activity_hourly) as rolledUp, (select count() from activity_hourly) as kept',
  );
  await clickhouse.close();
  const { base, rolledUp, kept } = rows[0]!;
  if (base !== count || rolledUp !== count)
    throw new Error(`${count} events, ${base} in the base, ${rolledUp} in the roll-up`);
  return kept;
}

function atMost(rows: readonly Row[], name: string, limit: number): Ratio {
  const value = median(rows.find((row) => row.name === name)!.cost);
  return { says: `${name}: ms`, value, target: `≤ ${limit}`, reached: value <= limit };
}
