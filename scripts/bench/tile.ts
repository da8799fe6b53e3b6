import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import { grains } from '@parley/analytics/metrics/metric.ts';
import { once } from '@parley/analytics/roll-up.ts';
import type { Question } from '../../server/dashboards/numbers.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { startChild } from './children.ts';
import { cheaper, median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore } from './store.ts';

const events = 5_000_000;
const days = 180;
const dayMs = 86_400_000;
const chunk = 500_000;
const departments = 40;
const floorName = 'two questions that read nothing';

type Told = { took: number[]; rowsRead: number; numbers: string };
/** A tile that is measured: what it shows, of whom, where, and how much cheaper than the events it should be. */
type Tile = { name: string; metric: string; grain: Question['grain']; timeZone: string; half: boolean; target: number };

const tileOf = (metric: string, grain: Question['grain'], target: number, more: Partial<Tile> = {}): Tile => ({
  name: `${metric} by ${grain}`,
  metric,
  grain,
  timeZone: 'Europe/Berlin',
  half: false,
  target,
  ...more,
});
const tiles: Tile[] = [
  ...grains.map((grain) => tileOf('messages.sent', grain, 3)),
  ...grains.map((grain) => tileOf('people.active', grain, 8)),
  tileOf('people.active', 'day', 2, { name: 'people.active by day of half the departments', half: true }),
  tileOf('people.active', 'day', 2, { name: 'people.active by day in Kolkata', timeZone: 'Asia/Kolkata' }),
];
const ways = { tile: 'Parley’s tile', raw: 'the events' } as const;
const nameOf = ({ name }: Tile, way: keyof typeof ways) => `${name}, ${ways[way]}`;

/** What a tile of a quarter and the quarter before takes. */
export const tile: Benchmark = {
  name: 'tile',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    try {
      await store.prepare(fillDepartments);
      const count = Math.ceil((events * share) / 1_000) * 1_000;
      const end = Math.floor(Date.now() / dayMs) * dayMs;
      const rows: Row[] = [floorName, ...tiles.flatMap((one) => [nameOf(one, 'tile'), nameOf(one, 'raw')])].map(
        (name) => ({ name, cost: [], also: { 'ClickHouse ms CPU': [], 'rows read': [] } }),
      );
      let rolledUp = 0;
      await store.onCopy((url) =>
        store.onClickhouse(async (clickhouseUrl) => {
          rolledUp = await load(clickhouseUrl, count, end);
          const child = await startChild('tile-ways.ts', [url, clickhouseUrl]);
          const measure = async (name: string, asked: object): Promise<string> => {
            const row = rows.find((one) => one.name === name)!;
            const times = 8;
            await child.ask<Told>({ ...asked, times: 1 });
            const before = await store.clickhouseCpu();
            const { took, rowsRead, numbers } = await child.ask<Told>({ ...asked, times });
            const after = await store.clickhouseCpu();
            row.cost.push(median(took));
            row.also!['ClickHouse ms CPU']!.push(
              before === null || after === null ? 0 : ((after - before) * 1_000) / times,
            );
            row.also!['rows read']!.push(rowsRead);
            return numbers;
          };
          try {
            for (let round = 0; round < rounds; round++) {
              await measure(floorName, { way: 'floor' });
              for (const one of tiles) {
                const asked = { metric: one.metric, ...askedOf(one, end) };
                const shown = await measure(nameOf(one, 'tile'), { way: 'tile', ...asked });
                const counted = await measure(nameOf(one, 'raw'), { way: 'raw', ...asked });
                if (shown !== counted) throw new Error(`${one.name}: the tile and the events do not say the same`);
              }
            }
          } finally {
            await child.stop();
          }
        }),
      );
      return {
        name: 'tile',
        how:
          `${count.toLocaleString('en')} messages of ${days} days by 20,000 people of ${departments} departments in three kinds of conversations, in working hours, taken in through the roll-up (${rolledUp.toLocaleString('en')} rows). ` +
          `A tile is everything the console asks for at once: ${days / 2} days and the ${days / 2} before, each with its points and its total, and how fresh it all is; in Berlin unless said otherwise; one tile at a time, eight a round. ` +
          'The stock way asks the same of the events. Numbers that differ fail the run.',
        unit: 'ms a tile',
        rows,
        ratios: [
          ...tiles.map((one) => cheaper(rows, nameOf(one, 'tile'), nameOf(one, 'raw'), one.target)),
          ...tiles.map((one) => atMost(rows, nameOf(one, 'tile'), 100)),
        ],
      };
    } finally {
      await store.close();
    }
  },
};

const departmentId = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
/** The first twenty departments lie in the one below them all. */
const halfOf = Array.from({ length: departments / 2 }, (_, n) => departmentId(n));

function askedOf({ grain, timeZone, half }: Tile, end: number): { question: Question; departments: string[] | null } {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const question: Question = { from: day(end - (days / 2) * dayMs), to: day(end), timeZone, grain };
  return half
    ? { question: { ...question, departmentId: halfOf[0]! }, departments: halfOf }
    : { question, departments: null };
}

async function fillDepartments(url: string): Promise<void> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 1 });
  for (let n = 0; n < departments; n++)
    await db.rows('insert into departments (id, name, parent_id) values ($1, $2, $3)', [
      departmentId(n),
      `Department ${n}`,
      n > 0 && n < halfOf.length ? halfOf[0] : null,
    ]);
  await db.close();
}

/** Events as half a year brings them, in the order of their times, made where they are stored. Answers how many rows the roll-up has. */
async function load(url: string, count: number, end: number): Promise<number> {
  const clickhouse = openClickhouse(url);
  for (let from = 0; from < count; from += chunk) {
    await clickhouse.command(
      `insert into events
       select generateUUIDv4(), 'message',
         fromUnixTimestamp64Milli(toInt64({end:Int64} - ({days:Int64} - intDiv(number * {days:Int64}, {count:Int64})) * 86400000 + 25200000 + cityHash64(number) % 43200000)),
         (cityHash64(number, 1) % 20000) as who, who % 100 = 0,
         toUUID(concat('00000000-0000-7000-8000-', leftPad(toString(who % ${departments}), 12, '0'))),
         toUUID(concat('00000000-0000-7000-9000-', leftPad(toString(cityHash64(number, 2) % 5000), 12, '0'))),
         ['direct', 'group', 'channel'][1 + cityHash64(number, 2) % 3], generateUUIDv4()
       from numbers({from:UInt64}, {size:UInt64})`,
      { end, days, count, from, size: Math.min(chunk, count - from) },
    );
  }
  const { rows } = await clickhouse.query<{ base: number; rolledUp: number; kept: number }>(
    `select (select count() from events) as base, (select sum(messages) from activity where ${once}) as rolledUp, (select count() from activity) as kept`,
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
