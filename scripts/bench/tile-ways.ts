import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import { metrics } from '@parley/analytics/metrics/activity.ts';
import { paramsOf, rawSqlOf, totalApart, type Filter, type Point } from '@parley/analytics/metrics/metric.ts';
import { analyticsStore, series, type Question } from '../../server/dashboards/numbers.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { newId } from '../../server/kernel/ids.ts';
import { inWork } from '../../server/kernel/work.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse } from './house.ts';

/*
 * In a process of its own: a tile as a dashboard asks for it, the same asked of the events themselves, or a question that reads nothing. Answers
 * how long each took, how many rows were read, and the numbers, so that both ways can be seen to say the same.
 */

const [url, clickhouseUrl] = process.argv.slice(2) as [string, string];
const db = openDatabase(url, createLog('silent'), { poolSize: 4 });
const house = benchHouse(db);
const store = house.parts.install(analyticsStore, openClickhouse(clickhouseUrl));
const reader = benchActor(newId(), 'dashboards.read');

type Period = { points: Point[]; total: number };
type Shown = { now: Period; before: Period; rowsRead: number };
type Asked = { way: 'tile' | 'raw' | 'floor'; metric: string; question: Question; departments: string[] | null };

async function tile({ metric, question }: Asked): Promise<Shown> {
  const { points, total, previous, cost } = await inWork(house, reader, (work) => series(work, metric, question));
  return { now: { points, total }, before: { points: previous.points, total: previous.total }, ...cost };
}

async function raw({ metric: id, question, departments }: Asked): Promise<Shown> {
  const metric = metrics.find((one) => one.id === id)!;
  const filter: Filter = { departments, conversationKinds: null, bots: null };
  const days = Math.ceil((Date.parse(question.to) - Date.parse(question.from)) / 86_400_000 / 7) * 7;
  const moved = (day: string) => new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
  const earlier = { ...question, from: moved(question.from), to: moved(question.to) };
  const [now, before] = await Promise.all(
    [question, earlier].map((range) => store.query<Point>(rawSqlOf(metric, range, filter), paramsOf(range, filter))),
  );
  return {
    now: totalApart(now!.rows),
    before: totalApart(before!.rows),
    rowsRead: now!.rowsRead + before!.rowsRead,
  };
}

/** What two questions take that read nothing: the client, the engine's door, its parser. */
async function floor(): Promise<Shown> {
  await Promise.all([store.query('select 1'), store.query('select 1')]);
  const nothing = { points: [], total: 0 };
  return { now: nothing, before: nothing, rowsRead: 0 };
}

const ways = { tile, raw, floor };

async function ask({ times, ...asked }: Asked & { times: number }): Promise<object> {
  const took: number[] = [];
  let shown: Shown | undefined;
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    shown = await ways[asked.way](asked);
    took.push(performance.now() - began);
  }
  return { took, rowsRead: shown!.rowsRead, numbers: JSON.stringify([shown!.now, shown!.before]) };
}

answering((asked: never) => ask(asked));
