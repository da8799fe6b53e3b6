import type { Clickhouse } from '@parley/analytics/clickhouse.ts';
import { metrics } from '@parley/analytics/metrics/activity.ts';
import {
  eventsSqlOf,
  paramsOf,
  sqlOf,
  totalApart,
  type Filter,
  type Metric,
  type Point,
  type Range,
} from '@parley/analytics/metrics/metric.ts';
import { malformed, notFound } from '../kernel/errors.ts';
import { partKey } from '../kernel/parts.ts';
import { canonicalTimeZone } from '../kernel/time-zone.ts';
import type { Work } from '../kernel/work.ts';
import { feedName } from './reconcile.ts';

/*
 * Numbers, and the way down from each: its definition, the SQL that was run, how fresh and how costly it was, and the events behind it.
 */

export const analyticsStore = partKey<Clickhouse>('dashboards.store');

/**
 * Who counts of the department that was named, or of the organisation. `below`: it and everything below it. `own`: only who was directly in it, or
 * in no department. `gone`: only who was in a department that has been deleted since.
 */
export const departmentScopes = ['below', 'own', 'gone'] as const;
export type DepartmentScope = (typeof departmentScopes)[number];

/** As asked: a department stands for its whole subtree, unless `departmentScope` says otherwise. */
export type Question = Range & {
  departmentId?: string | null;
  departmentScope?: DepartmentScope | null;
  conversationKinds?: string[] | null;
  bots?: boolean | null;
};

export type Series = {
  metric: Metric;
  points: Point[];
  total: number;
  /** The same length of time just before, moved by whole weeks where the range is shorter than that, so that weekdays match. */
  previous: { from: string; to: string; points: Point[]; total: number };
  sql: { series: string; total: string; params: Record<string, unknown> };
  cost: { elapsedMs: number; rowsRead: number };
  freshness: Freshness;
};

/** When the newest event was taken over, and how many wait; `checkedAt`: when counts were last compared with the messages. */
export type Freshness = { takenAt: Date | null; waiting: number; checkedAt: Date | null; repaired: number };

export const allMetrics = (): readonly Metric[] => metrics;

/** One metric over a range, with the period before it. */
export async function series(work: Work, metricId: string, question: Question): Promise<Series> {
  const metric = metricOf(metricId);
  const days = checkRange(question);
  const filter = await filterOf(work, question);
  const store = work.use(analyticsStore);
  const wholeHours = beginsOnWholeHours(question);
  const before = previousOf(question, days);
  const sql = sqlOf(metric, question, filter, wholeHours);
  const params = paramsOf(question, filter);
  const earlier = paramsOf({ ...before, timeZone: question.timeZone }, filter);
  const [now, then, freshness] = await Promise.all([
    store.query<Point>(sql.series, params),
    store.query<Point>(sql.series, earlier),
    freshnessOf(work),
  ]);
  return {
    metric,
    ...totalApart(now.rows),
    previous: { ...before, ...totalApart(then.rows) },
    sql: { ...sql, params },
    cost: {
      elapsedMs: now.elapsedMs + then.elapsedMs,
      rowsRead: now.rowsRead + then.rowsRead,
    },
    freshness,
  };
}

export type EventBehind = {
  eventId: string;
  at: number;
  person: { id: string; name: string; number: number } | null;
  bot: boolean;
  department: string | null;
  conversation: { id: string; kind: string; name: string | null };
  messageId: string;
};

/** The events behind a range of a number, newest first. Names of people and rooms, never what was said. Opening them is audited. */
export async function eventsBehind(
  work: Work,
  metricId: string,
  question: Question,
  page: { after: string | null; first: number },
): Promise<{ events: EventBehind[]; next: string | null; sql: string }> {
  const metric = metricOf(metricId);
  checkRange(question);
  const filter = await filterOf(work, question);
  const below =
    page.after === null
      ? { belowAt: 8_640_000_000_000, belowId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }
      : readCursor(page.after);
  const sql = eventsSqlOf(filter);
  const { rows } = await work.use(analyticsStore).query<{
    eventId: string;
    time: number;
    person: number;
    bot: boolean;
    departmentId: string;
    conversationId: string;
    conversationKind: string;
    messageId: string;
  }>(sql, { ...paramsOf(question, filter), ...below, limit: page.first }, { heavy: true });
  const [people, rooms] = await Promise.all([
    work.db.rows<{ id: string; name: string; number: number; department: string | null }>(
      'select id, name, number from users where number = any ($1)',
      [[...new Set(rows.map((row) => row.person))]],
    ),
    work.db.rows<{ id: string; name: string | null }>(
      "select id, case when visibility = 'public' then name end as name from conversations where id = any ($1)",
      [[...new Set(rows.map((row) => row.conversationId))]],
    ),
  ]);
  const departments = await work.db.rows<{ id: string; name: string }>(
    'select id, name from departments where id = any ($1)',
    [[...new Set(rows.map((row) => row.departmentId))]],
  );
  work.audit({
    action: 'dashboards.events-opened',
    target: { kind: 'metric', id: metric.id, name: metric.name.en },
    after: {
      from: question.from,
      to: question.to,
      timeZone: question.timeZone,
      departmentId: question.departmentId ?? null,
      ...(question.departmentScope ? { departmentScope: question.departmentScope } : {}),
      shown: rows.length,
    },
  });
  const events = rows.map((row) => ({
    eventId: row.eventId,
    at: row.time,
    person: people.find((person) => person.number === row.person) ?? null,
    bot: row.bot,
    department: departments.find((department) => department.id === row.departmentId)?.name ?? null,
    conversation: {
      id: row.conversationId,
      kind: row.conversationKind,
      name: rooms.find((room) => room.id === row.conversationId)?.name ?? null,
    },
    messageId: row.messageId,
  }));
  const last = rows.at(-1);
  return { events, next: last && rows.length === page.first ? `${last.time}.${last.eventId}` : null, sql };
}

/** The metric of this name, or `not_found`. */
export function metricOf(id: string): Metric {
  const metric = metrics.find((one) => one.id === id);
  if (!metric) throw notFound('metric');
  return metric;
}

const dayMs = 86_400_000;
const day = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the calendar has this day: it has no 30th of February. */
const isDay = (text: string) =>
  day.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

/** Refuses what cannot be asked; returns the days of the range. */
export function checkRange({ from, to, timeZone, grain }: Question): number {
  if (![from, to].every(isDay)) throw malformed('from, to: must be days written YYYY-MM-DD');
  if (from < '1980-01-01' || to > '2100-01-01') throw malformed('from, to: must lie between 1980-01-01 and 2100-01-01');
  const days = Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
  if (days < 1) throw malformed('to: must be after from');
  if (days > (grain === 'day' ? 1_100 : 7_400)) throw malformed('from, to: the range is too long for this grain');
  if (canonicalTimeZone(timeZone) === null)
    throw malformed('timeZone: is not a time zone of the IANA database, such as Europe/Berlin');
  return days;
}

/** The period before: as long, and moved back by whole weeks, so that Mondays are compared with Mondays. */
function previousOf({ from, to }: Question, days: number): { from: string; to: string } {
  const shift = Math.ceil(days / 7) * 7 * dayMs;
  const moved = (date: string) => new Date(Date.parse(date) - shift).toISOString().slice(0, 10);
  return { from: moved(from), to: moved(to) };
}

/** The roll-up is by hours of UTC: it alone serves time zones whose days begin on one throughout the range, which is nearly all of them. */
export function beginsOnWholeHours({ from, to, timeZone }: Question): boolean {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  for (let at = Date.parse(from) - 400 * dayMs; at <= Date.parse(to) + 2 * dayMs; at += 20 * dayMs) {
    const offset = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (/[+-]\d\d:(?!00)/.test(offset)) return false;
  }
  return true;
}

/** The department of messages whose sender was in none. */
export const noDepartment = '00000000-0000-0000-0000-000000000000';

/** What a question narrows its numbers to; refuses as `not_found` a department that is not there. */
export async function filterOf(work: Work, question: Question): Promise<Filter> {
  const { departmentId, departmentScope, conversationKinds, bots } = question;
  const kinds = conversationKinds && conversationKinds.length > 0 ? conversationKinds : null;
  const rest = { conversationKinds: kinds, bots: bots ?? null };
  if (departmentScope === 'gone') {
    if (departmentId) throw malformed('departmentScope: a department that is named is not gone');
    const known = await work.db.rows<{ id: string }>('select id from departments');
    return { departments: null, outside: [noDepartment, ...known.map(({ id }) => id)], ...rest };
  }
  if (!departmentId) return { departments: departmentScope === 'own' ? [noDepartment] : null, ...rest };
  const rows = await work.db.rows<{ id: string }>(
    'with recursive below as (select id from departments where id = $1 union all select d.id from departments d join below b on d.parent_id = b.id) select id from below',
    [departmentId],
  );
  if (rows.length === 0) throw notFound('department');
  return { departments: departmentScope === 'own' ? [departmentId] : rows.map((row) => row.id), ...rest };
}

export async function freshnessOf(work: Work): Promise<Freshness> {
  const [row] = await work.db.rows<Freshness>(
    `select c.moved_at as "takenAt", (select count(*) from (select from outbox o where (o.tx, o.id) > (c.tx, c.id) limit 10000) w)::int as waiting,
       k.checked_at as "checkedAt", k.hours_repaired as repaired
     from analytics_check k left join outbox_cursors c on c.watcher = $1`,
    [feedName],
  );
  return row ?? { takenAt: null, waiting: 0, checkedAt: null, repaired: 0 };
}

function readCursor(cursor: string): { belowAt: number; belowId: string } {
  const [, at, id] = /^(\d{1,14})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(cursor) ?? [];
  if (!at || !id) throw malformed('after: is not a cursor this field gave');
  return { belowAt: Number(at), belowId: id };
}

/** How many messages each of these people (by their dense number) ever sent, as far as the store has taken them over. */
export async function messagesBy(work: Work, people: readonly number[]): Promise<Map<number, number>> {
  const { rows } = await work
    .use(analyticsStore)
    .query<{ person: number; messages: number }>(
      `select person, toUInt32(count()) as messages from events where kind = 'message' and person in ({people: Array(UInt32)}) group by person`,
      { people },
    );
  return new Map(rows.map(({ person, messages }) => [person, messages]));
}
