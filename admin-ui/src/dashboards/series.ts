import type { Grain, MetricSeriesQuery } from '../graphql/graphql.ts';
import { dayName, daysBetween } from '../words/times.ts';
import { bucketsOf, nextBucket, plusDays } from './days.ts';
import type { Question } from './question.ts';

export type Series = MetricSeriesQuery['metric'];

/** One step of the chart and one row of the table. `from` to before `to` are the days of it that were asked for. */
export type Step = {
  bucket: string;
  from: string;
  to: string;
  value: number;
  /** The step at the same place in the period before; null where the two do not line up. */
  before: number | null;
  /** The range holds only a part of it, or today, which is not over. */
  partial: boolean;
  running: boolean;
  /** It has not begun: there is nothing to show, not even nothing. */
  ahead: boolean;
};

/** Every step of the range, those without events too: nothing happened, so they are truly 0. */
export function stepsOf(series: Series, { from, to, grain }: Question, today: string): Step[] {
  const values = new Map(series.points.map(({ bucket, value }) => [bucket, value]));
  const earlier = new Map(series.previous.points.map(({ bucket, value }) => [bucket, value]));
  const buckets = bucketsOf(from, to, grain);
  // Months have different lengths and weekdays: there is nothing honest to draw beside them.
  const before = grain === 'month' ? [] : bucketsOf(series.previous.from, series.previous.to, grain);
  return buckets.map((bucket, at) => {
    const end = nextBucket(bucket, grain);
    const earlierBucket = before.length === buckets.length ? before[at] : undefined;
    return {
      bucket,
      from: bucket < from ? from : bucket,
      to: end > to ? to : end,
      value: values.get(bucket) ?? 0,
      before: earlierBucket === undefined ? null : (earlier.get(earlierBucket) ?? 0),
      partial: bucket < from || end > to,
      running: bucket <= today && today < end,
      ahead: today < bucket,
    };
  });
}

/** How a step is called: a day with its weekday, a week by its days, a month by its name. */
export function stepName(step: { bucket: string; from: string; to: string }, grain: Grain): string {
  if (grain === 'day')
    return dayName(step.bucket, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  if (grain === 'week') return daysBetween(step.from, plusDays(step.to, -1));
  return dayName(step.bucket, { month: 'long', year: 'numeric' });
}

/** The short form under an axis. */
export const axisName = (bucket: string, grain: Grain) =>
  dayName(bucket, grain === 'month' ? { month: 'short', year: '2-digit' } : { day: 'numeric', month: 'short' });

/** Less than this is too little to give shares of: each single one would be five percent. */
const smallBase = 20;

/**
 * The change against the period before: as a share where that says something, as a difference where the base is so small or the change so large that
 * a percentage would only be loud. `none`: there is nothing to compare with.
 */
export function changeOf({ total, previous }: Pick<Series, 'total' | 'previous'>): {
  as: 'none' | 'same' | 'share' | 'difference';
  by: number;
} {
  const by = total - previous.total;
  if (previous.total === 0) return { as: 'none', by };
  if (by === 0) return { as: 'same', by };
  const share = by / previous.total;
  return previous.total < smallBase || share > 2 ? { as: 'difference', by } : { as: 'share', by: share };
}
