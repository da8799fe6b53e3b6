import { anyKind, everybody } from '../roll-up.ts';

/** What a number may be narrowed to. */
export type Filter = {
  /** Departments whose people count, already expanded to the subtree; null = all, and people without one. */
  departments: string[] | null;
  /** Departments whose people do not count. */
  outside?: string[];
  conversationKinds: string[] | null;
  /** true: only bots; false: only people; null: both. */
  bots: boolean | null;
};

export const grains = ['day', 'week', 'month'] as const;
export type Grain = (typeof grains)[number];

/** Days as they are where the reader is: `from` inclusive, `to` exclusive, both `YYYY-MM-DD`. */
export type Range = { from: string; to: string; timeZone: string; grain: Grain };

/** One number Parley shows: what it means, in which version of that meaning, and how it is computed and opened. */
export type Metric = {
  id: string;
  version: number;
  name: { en: string; zh: string };
  unit: 'messages' | 'people';
  /** What is counted, for whom, and what is not. */
  meaning: { en: string; zh: string };
  grains: readonly Grain[];
  /** How its points come together to one number for the whole range: adding, or counting each person once. */
  total: 'sum' | 'distinct';
  /** The aggregate over the roll-up. */
  rolledUp: string;
  /** The same over the events: what the number means, and what it is measured against. */
  raw: string;
};

/** A day, a week by its Monday or a month by its first, and its number. */
export type Point = { bucket: string; value: number };

const bucket: Record<Grain, (time: string) => string> = {
  day: (time) => `toDate(${time}, {timeZone:String})`,
  week: (time) => `toMonday(${time}, {timeZone:String})`,
  month: (time) => `toStartOfMonth(${time}, {timeZone:String})`,
};

const filters = (filter: Filter): string[] =>
  [
    filter.departments && 'department in {departments:Array(UUID)}',
    filter.outside && 'department not in {outside:Array(UUID)}',
    filter.conversationKinds && 'conversation_kind in {kinds:Array(String)}',
    filter.bots !== null && 'bot = {bots:Bool}',
  ].filter((condition) => typeof condition === 'string');

const midnight = (end: 'from' | 'to') => `toDateTime({${end}:String}, {timeZone:String})`;
const within = (time: string) => `${time} >= ${midnight('from')} and ${time} < ${midnight('to')}`;

/** What a number is taken apart by. */
type Apart = 'department' | 'conversation_kind';

/** The rows of the roll-up that count each message once: of the four it counts in (roll-up.ts), the one that a filter and a taking apart ask for. */
function oneOfFour(filter: Filter, apart?: Apart): string[] {
  const byDepartment = filter.departments ?? filter.outside ?? (apart === 'department' || null);
  const byKind = filter.conversationKinds ?? (apart === 'conversation_kind' || null);
  return [
    `department ${byDepartment ? '<>' : '='} toUUID('${everybody}')`,
    `conversation_kind ${byKind ? '<>' : '='} '${anyKind}'`,
    ...filters(filter),
  ];
}

/**
 * The hours of UTC that lie in more than one bucket, or only partly in the range, among those around the midnights there. A bucket is looked at every
 * quarter of an hour: clocks are put back shortly after midnight, too.
 */
const brokenHours = (grain: Grain) => `(
    select start from (
      select toStartOfHour(toDateTime(toDate(left({from:String}, 10)) + number, {timeZone:String}), 'UTC') + arrayJoin([-3600, 0, 3600]) as start
      from numbers(toUInt64(dateDiff('day', toDate(left({from:String}, 10)), toDate(left({to:String}, 10))) + 1))
    ) where start < ${midnight('from')} or start + 3600 > ${midnight('to')}
      or arrayUniq([${[0, 900, 1_800, 2_700, 3_599].map((second) => bucket[grain](`start + ${second}`)).join(', ')}]) > 1
  )`;

/**
 * Where a metric is read from: the hours of the roll-up. Where days do not begin on whole hours of UTC, the hours in which one begins are taken from
 * the events instead, a quarter of an hour at a time: no clock has been off UTC by anything else since 1980, the first year a range may begin in.
 */
function sourceOf(filter: Filter, grain: Grain, wholeHours: boolean, apart?: Apart): string {
  const rolledUp = [...oneOfFour(filter, apart), within('hour')].join(' and ');
  if (wholeHours) return `activity\nwhere ${rolledUp}`;
  const events = ["kind = 'message'", ...filters(filter), within('at')].join(' and ');
  const part = apart ? `${apart}, ` : '';
  return `(
  select ${part}hour, messages, people from activity
  where ${rolledUp} and hour not in ${brokenHours(grain)}
  union all
  select ${part}toStartOfFifteenMinutes(at) as hour, count() as messages, groupBitmapState(person) as people from events
  where ${events} and toStartOfHour(at) in ${brokenHours(grain)}
  group by ${part}hour
)`;
}

/**
 * The SQL of one metric, as it is run and as it is shown. The series brings its total along, in the row without a bucket: one reading serves both.
 * (`with totals` says the same, but the embedded engine writes its answer in the wrong order when there is nothing.)
 */
export function sqlOf(
  metric: Metric,
  range: Range,
  filter: Filter,
  wholeHours: boolean,
): { series: string; total: string } {
  const source = sourceOf(filter, range.grain, wholeHours);
  return {
    series: `select toString(${bucket[range.grain]('hour')}) as bucket, ${metric.rolledUp} as value\nfrom ${source}\ngroup by bucket with rollup order by bucket`,
    total: `select ${metric.rolledUp} as value\nfrom ${source}`,
  };
}

/**
 * The SQL of one metric taken apart. Each department of `partOf` counts in the part at the same place of `parts`, all others in part 0, so that a
 * part may stand for a whole subtree and count everybody in it once.
 */
export function breakdownSqlOf(
  metric: Metric,
  filter: Filter,
  wholeHours: boolean,
): { departments: string; kinds: string } {
  // Only the ends of the range cut hours: of the grains the coarsest asks for the least.
  const from = (apart: Apart) => `${metric.rolledUp} as value\nfrom ${sourceOf(filter, 'month', wholeHours, apart)}`;
  return {
    departments: `select transform(department, {partOf:Array(UUID)}, {parts:Array(UInt32)}, toUInt32(0)) as part, ${from('department')}\ngroup by part order by part`,
    kinds: `select conversation_kind as part, ${from('conversation_kind')}\ngroup by part order by part`,
  };
}

/** What a series answered, its total apart. */
export function totalApart(rows: readonly Point[]): { points: Point[]; total: number } {
  return {
    points: rows.filter(({ bucket: day }) => day !== ''),
    total: rows.find(({ bucket: day }) => day === '')?.value ?? 0,
  };
}

/** The same of the events themselves, without any roll-up: what the number means. */
export function rawSqlOf(metric: Metric, range: Range, filter: Filter): string {
  const where = ["kind = 'message'", within('at'), ...filters(filter)].join(' and ');
  return `select toString(${bucket[range.grain]('at')}) as bucket, ${metric.raw} as value\nfrom events\nwhere ${where}\ngroup by bucket with rollup order by bucket`;
}

/** The SQL of the events behind a range of a metric, newest first, continuing below a place. No alias may be a column's name: ClickHouse would take it for the column in the conditions. */
export function eventsSqlOf(filter: Filter): string {
  return `select toString(event_id) as eventId, toUnixTimestamp64Milli(at) as time, person, bot, toString(department) as departmentId, toString(conversation) as conversationId,
  conversation_kind as conversationKind, toString(message) as messageId
from events
where ${["kind = 'message'", within('at'), ...filters(filter)].join(' and ')}
  and (at, event_id) < (fromUnixTimestamp64Milli({belowAt:Int64}), {belowId:UUID})
order by at desc, event_id desc
limit {limit:UInt32}`;
}

/** Bound parameters of them all. A date alone is midnight there. */
export function paramsOf(range: Pick<Range, 'from' | 'to' | 'timeZone'>, filter: Filter): Record<string, unknown> {
  return {
    from: `${range.from} 00:00:00`,
    to: `${range.to} 00:00:00`,
    timeZone: range.timeZone,
    ...(filter.departments ? { departments: filter.departments } : {}),
    ...(filter.outside ? { outside: filter.outside } : {}),
    ...(filter.conversationKinds ? { kinds: filter.conversationKinds } : {}),
    ...(filter.bots !== null ? { bots: filter.bots } : {}),
  };
}
