import { openClickhouse } from '@parley/analytics/clickhouse.ts';
import { metrics } from '@parley/analytics/metrics/activity.ts';
import { paramsOf, sqlOf, type Filter } from '@parley/analytics/metrics/metric.ts';
import { analyticsStore, series, type Point, type Question } from '../../server/dashboards/numbers.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { newId } from '../../server/kernel/ids.ts';
import { inWork } from '../../server/kernel/work.ts';
import { answering } from './children.ts';
import { benchActor, benchHouse } from './house.ts';

/*
 * In a process of its own: a tile as a dashboard asks for it, or the same four questions asked of the events themselves. Answers how long each
 * took, how many rows were read, and the numbers, so that both ways can be seen to say the same.
 */

const [url, clickhouseUrl, from, to] = process.argv.slice(2) as [string, string, string, string];
const db = openDatabase(url, createLog('silent'), { poolSize: 4 });
const house = benchHouse(db);
const store = house.parts.install(analyticsStore, openClickhouse(clickhouseUrl));
const reader = benchActor(newId(), 'dashboards.read');
const question: Question = { from, to, timeZone: 'Europe/Berlin', grain: 'day' };
const everything: Filter = { departments: null, conversationKinds: null, bots: null };

type Shown = { points: Point[]; total: number; before: number; rowsRead: number };
type Way = (metric: string) => Promise<Shown>;

async function tile(metric: string): Promise<Shown> {
  const { points, total, previous, cost } = await inWork(house, reader, (work) => series(work, metric, question));
  return { points, total, before: previous.total, rowsRead: cost.rowsRead };
}

async function raw(id: string): Promise<Shown> {
  const metric = metrics.find((one) => one.id === id)!;
  const sql = sqlOf(metric, question, everything, false);
  const moved = (day: string) => {
    const days = Math.ceil((Date.parse(to) - Date.parse(from)) / 86_400_000 / 7) * 7;
    return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
  };
  const now = paramsOf(question, everything);
  const earlier = paramsOf({ ...question, from: moved(from), to: moved(to) }, everything);
  const [points, total, points0, total0] = await Promise.all([
    store.query<Point>(sql.series, now),
    store.query<{ value: number }>(sql.total, now),
    store.query<Point>(sql.series, earlier),
    store.query<{ value: number }>(sql.total, earlier),
  ]);
  return {
    points: points.rows,
    total: total.rows[0]!.value,
    before: total0.rows[0]!.value,
    rowsRead: points.rowsRead + total.rowsRead + points0.rowsRead + total0.rowsRead,
  };
}

const ways: Record<string, Way> = { tile, raw };

async function ask({ way, metric, times }: { way: string; metric: string; times: number }): Promise<object> {
  const took: number[] = [];
  let shown: Shown | undefined;
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    shown = await ways[way]!(metric);
    took.push(performance.now() - began);
  }
  return { took, shown };
}

answering((asked: never) => ask(asked));
