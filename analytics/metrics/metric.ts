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
  /** The aggregate over `activity_hourly`, and over `events` for time zones that do not begin their days on a whole hour of UTC. */
  rolledUp: string;
  raw: string;
};

const bucket: Record<Grain, (time: string) => string> = {
  day: (time) => `toDate(${time}, {timeZone:String})`,
  week: (time) => `toMonday(${time}, {timeZone:String})`,
  month: (time) => `toStartOfMonth(${time}, {timeZone:String})`,
};

const filters = (filter: Filter): string =>
  [
    filter.departments && 'and department in {departments:Array(UUID)}',
    filter.outside && 'and department not in {outside:Array(UUID)}',
    filter.conversationKinds && 'and conversation_kind in {kinds:Array(String)}',
    filter.bots !== null && 'and bot = {bots:Bool}',
  ]
    .filter(Boolean)
    .join(' ');

const within = (time: string) =>
  `${time} >= toDateTime({from:String}, {timeZone:String}) and ${time} < toDateTime({to:String}, {timeZone:String})`;

/** Where a metric is read from: the roll-up, or for time zones it does not serve the events. */
function sourceOf(metric: Metric, filter: Filter, wholeHours: boolean) {
  const [table, time, aggregate] = wholeHours
    ? (['activity_hourly', 'hour', metric.rolledUp] as const)
    : (['events', 'at', metric.raw] as const);
  const where = `where ${wholeHours ? '' : "kind = 'message' and "}${within(time)} ${filters(filter)}`.trim();
  return { table, time, aggregate, where };
}

/** The SQL of one metric's series and total, as it is run and as it is shown. */
export function sqlOf(
  metric: Metric,
  range: Range,
  filter: Filter,
  wholeHours: boolean,
): { series: string; total: string } {
  const { table, time, aggregate, where } = sourceOf(metric, filter, wholeHours);
  return {
    series: `select toString(${bucket[range.grain](time)}) as bucket, ${aggregate} as value\nfrom ${table}\n${where}\ngroup by bucket order by bucket`,
    total: `select ${aggregate} as value\nfrom ${table}\n${where}`,
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
  const { table, aggregate, where } = sourceOf(metric, filter, wholeHours);
  return {
    departments: `select transform(department, {partOf:Array(UUID)}, {parts:Array(UInt32)}, toUInt32(0)) as part, ${aggregate} as value\nfrom ${table}\n${where}\ngroup by part order by part`,
    kinds: `select conversation_kind as part, ${aggregate} as value\nfrom ${table}\n${where}\ngroup by part order by part`,
  };
}

/** The SQL of the events behind a range of a metric, newest first, continuing below a place. No alias may be a column's name: ClickHouse would take it for the column in the conditions. */
export function eventsSqlOf(filter: Filter): string {
  return `select toString(event_id) as eventId, toUnixTimestamp64Milli(at) as time, person, bot, toString(department) as departmentId, toString(conversation) as conversationId,
  conversation_kind as conversationKind, toString(message) as messageId
from events
where kind = 'message' and ${within('at')} ${filters(filter)}
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
