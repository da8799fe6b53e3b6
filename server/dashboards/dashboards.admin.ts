import * as z from 'zod/mini';
import { grains, type Point } from '@parley/analytics/metrics/metric.ts';
import { kinds } from '@parley/protocol/conversations.ts';
import { id, text } from '@parley/protocol/words.ts';
import type { Cost } from '../doors/costs.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { connectionOf, pageArgs, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import { timeZone } from '../kernel/time-zone.ts';
import type { Work } from '../kernel/work.ts';
import { PersonType } from '../users/person-type.ts';
import { breakdown, type Breakdown, type DepartmentPart, type KindPart } from './breakdown.ts';
import { FreshnessType } from './freshness-type.ts';
import {
  allMetrics,
  departmentScopes,
  eventsBehind,
  messagesBy,
  series,
  type EventBehind,
  type Series,
} from './numbers.ts';

const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day written YYYY-MM-DD'));
const rangeWords = {
  id: text(60),
  from: day,
  to: day,
  timeZone,
  departmentId: z.optional(id),
  departmentScope: z.optional(z.enum(departmentScopes)),
  conversationKinds: z.optional(z.array(z.enum(kinds)).check(z.maxLength(kinds.length))),
  bots: z.optional(z.boolean()),
};
const words = { ...rangeWords, grain: z.enum(grains) };
const BreakdownQuestion = z.strictObject(rangeWords);
const MetricQuestion = z.strictObject(words);
const EventsQuestion = z.strictObject({
  ...words,
  ...pageWords,
});

/** Days of a range that cost one point more. */
const daysAPoint = 100;
const byRange: Cost = {
  class: 'numbers',
  more(_app, { from, to }) {
    const days = (Date.parse(String(to)) - Date.parse(String(from))) / 86_400_000;
    return days > 0 ? Math.min(days, 36_500) / daysAPoint : 0;
  },
};

/** Usage numbers in the administrative schema. */
export function dashboardsAdmin(builder: AdminBuilder): void {
  const Grain = builder.enumType('Grain', { values: grains });
  const Scope = builder.enumType('DepartmentScope', {
    description:
      '`below`: the department and everything below it. `own`: only who was directly in it, or without one in no department. `gone`: only who was in a department that has been deleted since.',
    values: departmentScopes,
  });
  const Metric = builder.objectRef<Series['metric']>('Metric').implement({
    description: 'A number Parley shows, and what it means.',
    fields: (t) => ({
      id: t.exposeID('id'),
      version: t.exposeInt('version', {
        description: 'Grows when the meaning changes: numbers of different versions are not to be compared.',
      }),
      name: t.string({
        args: { locale: t.arg.string() },
        resolve: ({ name }, { locale }) => (locale?.startsWith('zh') ? name.zh : name.en),
      }),
      meaning: t.string({
        args: { locale: t.arg.string() },
        resolve: ({ meaning }, { locale }) => (locale?.startsWith('zh') ? meaning.zh : meaning.en),
      }),
      unit: t.exposeString('unit'),
      total: t.exposeString('total', {
        description: '`sum`: points add up. `distinct`: each person counts once in the whole range.',
      }),
      grains: t.field({ type: [Grain], resolve: ({ grains: known }) => [...known] }),
    }),
  });
  const MetricPoint = builder
    .objectRef<Point>('MetricPoint')
    .implement({ fields: (t) => ({ bucket: t.exposeString('bucket'), value: t.exposeFloat('value') }) });
  const Period = builder.objectRef<Series['previous']>('MetricPeriod').implement({
    description: 'The period before: as long, moved back by whole weeks, so that weekdays match.',
    fields: (t) => ({
      from: t.exposeString('from'),
      to: t.exposeString('to'),
      points: t.expose('points', { type: [MetricPoint] }),
      total: t.exposeFloat('total'),
    }),
  });
  const Sql = builder.objectRef<Series['sql']>('MetricSql').implement({
    fields: (t) => ({
      series: t.exposeString('series', { description: 'As it was run; its row without a bucket is the total.' }),
      total: t.exposeString('total', { description: 'The total asked for alone.' }),
      params: t.expose('params', { type: 'JSON' }),
    }),
  });
  const Cost = builder
    .objectRef<Series['cost']>('MetricCost')
    .implement({ fields: (t) => ({ elapsedMs: t.exposeFloat('elapsedMs'), rowsRead: t.exposeFloat('rowsRead') }) });
  const Freshness = builder.objectType(FreshnessType, {
    description: 'How far the store is behind, and when it was last compared with the messages themselves.',
    fields: (t) => ({
      takenAt: t.expose('takenAt', { type: 'DateTime', nullable: true }),
      waiting: t.exposeInt('waiting'),
      checkedAt: t.expose('checkedAt', { type: 'DateTime', nullable: true }),
      repaired: t.exposeInt('repaired', { description: 'Hours the standing check had to repair so far.' }),
    }),
  });
  const MetricSeries = builder.objectRef<Series>('MetricSeries').implement({
    fields: (t) => ({
      metric: t.expose('metric', { type: Metric }),
      points: t.expose('points', { type: [MetricPoint] }),
      total: t.exposeFloat('total'),
      previous: t.expose('previous', { type: Period }),
      sql: t.expose('sql', { type: Sql }),
      cost: t.expose('cost', { type: Cost }),
      freshness: t.expose('freshness', { type: Freshness }),
    }),
  });
  const EventPerson = builder
    .objectRef<NonNullable<EventBehind['person']>>('EventPerson')
    .implement({ fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }) });
  const EventPlace = builder.objectRef<EventBehind['conversation']>('EventConversation').implement({
    description: 'Only public channels are named here.',
    fields: (t) => ({
      id: t.exposeID('id'),
      kind: t.exposeString('kind'),
      name: t.exposeString('name', { nullable: true }),
    }),
  });
  const Event = builder.objectRef<EventBehind>('MetricEvent').implement({
    description: 'One event behind a number: who, where and when; never what was said.',
    fields: (t) => ({
      eventId: t.exposeID('eventId'),
      at: t.field({ type: 'DateTime', resolve: ({ at }) => new Date(at) }),
      person: t.expose('person', { type: EventPerson, nullable: true }),
      bot: t.exposeBoolean('bot'),
      department: t.exposeString('department', { nullable: true }),
      conversation: t.expose('conversation', { type: EventPlace }),
      messageId: t.exposeID('messageId'),
    }),
  });
  const Events = connectionOf<EventBehind, Listing<EventBehind> & { sql: string }>(builder, Event, 'MetricEvent', {
    fields: (t) => ({ sql: t.exposeString('sql', { description: 'What was asked of the store.' }) }),
  });
  const Step = builder.objectRef<Breakdown['path'][number]>('MetricDepartment').implement({
    fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }),
  });
  const DepartmentBar = builder.objectRef<DepartmentPart>('MetricDepartmentPart').implement({
    description: 'One department with everything below it, or what belongs to none of them.',
    fields: (t) => ({
      departmentId: t.exposeID('departmentId', { nullable: true }),
      scope: t.expose('scope', { type: Scope }),
      name: t.exposeString('name', { nullable: true }),
      value: t.exposeFloat('value'),
    }),
  });
  const KindBar = builder
    .objectRef<KindPart>('MetricKindPart')
    .implement({ fields: (t) => ({ kind: t.exposeString('kind'), value: t.exposeFloat('value') }) });
  const BreakdownSql = builder.objectRef<Breakdown['sql']>('MetricBreakdownSql').implement({
    fields: (t) => ({
      departments: t.exposeString('departments'),
      kinds: t.exposeString('kinds'),
      params: t.expose('params', { type: 'JSON' }),
    }),
  });
  const Parts = builder.objectRef<Breakdown>('MetricBreakdown').implement({
    description:
      'A number taken apart. Parts of a sum add up to it. People count once in each part they were active in, so those may add up to more.',
    fields: (t) => ({
      total: t.exposeFloat('total'),
      path: t.expose('path', {
        type: [Step],
        description: 'From the top of the tree down to the department that was named.',
      }),
      departments: t.expose('departments', { type: [DepartmentBar], description: 'Largest first, at most 100.' }),
      departmentsLeft: t.exposeInt('departmentsLeft', { description: 'How many smaller parts are left out.' }),
      kinds: t.expose('kinds', { type: [KindBar] }),
      sql: t.expose('sql', { type: BreakdownSql }),
      cost: t.expose('cost', { type: Cost }),
    }),
  });
  builder.objectField(PersonType, 'messagesCount', (t) =>
    t.loadable({
      type: 'Int',
      nullable: true,
      description: 'How many messages they sent, as far as the store of numbers has taken them over.',
      load: async (people: number[], work) => {
        const counts = await messagesBy(work, people).catch((error: unknown) => {
          // A person is shown with or without this number.
          work.house.log.warn({ err: error }, 'the store of numbers did not say how much people wrote');
          return null;
        });
        return people.map((number) => counts && (counts.get(number) ?? 0));
      },
      resolve: ({ number }) => number,
    }),
  );

  /** What every number is asked over. */
  const range = builder.args((t) => ({
    id: t.string({ required: true }),
    from: t.string({ required: true }),
    to: t.string({ required: true }),
    timeZone: t.string({ required: true }),
    departmentId: t.id(),
    departmentScope: t.field({ type: Scope }),
    conversationKinds: t.stringList(),
    bots: t.boolean(),
  }));
  builder.queryField('metrics', (t) =>
    t.field({
      type: [Metric],
      description: 'Every number there is.',
      permission: 'dashboards.read',
      cost: 'read',
      resolve: () => [...allMetrics()],
    }),
  );
  builder.queryField('metric', (t) =>
    t.field({
      type: MetricSeries,
      description: 'One number over a range of days in a time zone. A department stands for its whole subtree.',
      permission: 'dashboards.read',
      cost: byRange,
      input: MetricQuestion,
      args: {
        ...range,
        grain: t.arg({ type: Grain, required: true }),
      },
      complexity: 10,
      resolve: (_, args, work) => {
        const { id: metric, ...question } = args as z.output<typeof MetricQuestion>;
        return series(work, metric, question as Parameters<typeof series>[2]);
      },
    }),
  );
  builder.queryField('metricBreakdown', (t) =>
    t.field({
      type: Parts,
      description:
        'One number over a range taken apart: by the departments directly below the one that is named, each with its whole subtree, and by kind of conversation.',
      permission: 'dashboards.read',
      cost: byRange,
      input: BreakdownQuestion,
      args: range,
      complexity: 20,
      resolve: (_, args, work) => {
        const { id: metric, ...question } = args as z.output<typeof BreakdownQuestion>;
        return breakdown(work, metric, question as Parameters<typeof breakdown>[2]);
      },
    }),
  );
  builder.queryField('metricEvents', (t) =>
    t.field({
      type: Events,
      description: 'The events behind a number, newest first. Opening them is audited.',
      permission: 'dashboards.events',
      cost: byRange,
      input: EventsQuestion,
      args: {
        ...range,
        grain: t.arg({ type: Grain, required: true }),
        ...pageArgs(t.arg),
      },
      complexity: ({ first }) => ({ field: 10, multiplier: Math.max(1, first ?? 50) }),
      resolve: (_, args, work) => {
        const { id: metric, first, after, ...question } = args as z.output<typeof EventsQuestion>;
        return pageOfEvents(work, metric, question as Parameters<typeof series>[2], first, after);
      },
    }),
  );
}

async function pageOfEvents(
  work: Work,
  metric: string,
  question: Parameters<typeof series>[2],
  first: number,
  after: string | undefined,
) {
  const inner = after === undefined ? null : placeOf<[string]>(work, 'events', after)[0];
  const { events, next, sql } = await eventsBehind(work, metric, question, { first, after: inner });
  const edges = events.map((event) => ({
    node: event,
    cursor: cursorAt(work, 'events', [`${event.at}.${event.eventId}`]),
  }));
  return { edges, more: next !== null, sql };
}
