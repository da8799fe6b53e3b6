import * as z from 'zod/mini';
import { grains } from '@parley/analytics/metrics/metric.ts';
import { kinds } from '@parley/protocol/conversations.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText, text } from '@parley/protocol/words.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { allMetrics, eventsBehind, series, type EventBehind, type Point, type Series } from './numbers.ts';

const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day written YYYY-MM-DD'));
const words = {
  id: text(60),
  from: day,
  to: day,
  timeZone: text(60),
  grain: z.enum(grains),
  departmentId: z.optional(id),
  conversationKinds: z.optional(z.array(z.enum(kinds)).check(z.maxLength(kinds.length))),
  bots: z.optional(z.boolean()),
};
const MetricQuestion = z.strictObject(words);
const EventsQuestion = z.strictObject({
  ...words,
  first: z._default(z.int().check(z.minimum(1), z.maximum(limits.page)), 50),
  after: z.optional(optionalText(80)),
});

/** Usage numbers in the administrative schema. */
export function dashboardsAdmin(builder: AdminBuilder): void {
  const Grain = builder.enumType('Grain', { values: grains });
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
      series: t.exposeString('series'),
      total: t.exposeString('total'),
      params: t.expose('params', { type: 'JSON' }),
    }),
  });
  const Cost = builder
    .objectRef<Series['cost']>('MetricCost')
    .implement({ fields: (t) => ({ elapsedMs: t.exposeFloat('elapsedMs'), rowsRead: t.exposeFloat('rowsRead') }) });
  const Freshness = builder.objectRef<Series['freshness']>('MetricFreshness').implement({
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
  const Events = builder.objectRef<Awaited<ReturnType<typeof eventsBehind>>>('MetricEventConnection').implement({
    fields: (t) => ({
      nodes: t.expose('events', { type: [Event] }),
      endCursor: t.exposeString('next', { nullable: true }),
      hasNextPage: t.boolean({ resolve: ({ next }) => next !== null }),
      sql: t.exposeString('sql'),
    }),
  });

  builder.queryField('metrics', (t) =>
    t.field({
      type: [Metric],
      description: 'Every number there is.',
      permission: 'dashboards.read',
      resolve: () => [...allMetrics()],
    }),
  );
  builder.queryField('metric', (t) =>
    t.field({
      type: MetricSeries,
      description: 'One number over a range of days in a time zone. A department stands for its whole subtree.',
      permission: 'dashboards.read',
      input: MetricQuestion,
      args: {
        id: t.arg.string({ required: true }),
        from: t.arg.string({ required: true }),
        to: t.arg.string({ required: true }),
        timeZone: t.arg.string({ required: true }),
        grain: t.arg({ type: Grain, required: true }),
        departmentId: t.arg.id(),
        conversationKinds: t.arg.stringList(),
        bots: t.arg.boolean(),
      },
      complexity: 10,
      resolve: (_, args, work) => {
        const { id: metric, ...question } = args as z.output<typeof MetricQuestion>;
        return series(work, metric, question as Parameters<typeof series>[2]);
      },
    }),
  );
  builder.queryField('metricEvents', (t) =>
    t.field({
      type: Events,
      description: 'The events behind a number, newest first. Opening them is audited.',
      permission: 'dashboards.events',
      input: EventsQuestion,
      args: {
        id: t.arg.string({ required: true }),
        from: t.arg.string({ required: true }),
        to: t.arg.string({ required: true }),
        timeZone: t.arg.string({ required: true }),
        grain: t.arg({ type: Grain, required: true }),
        departmentId: t.arg.id(),
        conversationKinds: t.arg.stringList(),
        bots: t.arg.boolean(),
        first: t.arg.int(),
        after: t.arg.string(),
      },
      complexity: ({ first }) => ({ field: 10, multiplier: Math.max(1, first ?? 50) }),
      resolve: (_, args, work) => {
        const { id: metric, first, after, ...question } = args as z.output<typeof EventsQuestion>;
        return eventsBehind(work, metric, question as Parameters<typeof series>[2], { first, after: after ?? null });
      },
    }),
  );
}
