import type { Grain } from '../graphql/graphql.ts';

/*
 * Calendar days written YYYY-MM-DD. They belong to no time zone, so all arithmetic goes through UTC, where every day has 24 hours.
 */

const dayMs = 86_400_000;
const timeOf = (day: string) => Date.parse(`${day}T00:00:00Z`);
const written = (time: number) => new Date(time).toISOString().slice(0, 10);

export const isDay = (text: unknown): text is string =>
  typeof text === 'string' &&
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  !Number.isNaN(timeOf(text)) &&
  written(timeOf(text)) === text;

export const plusDays = (day: string, days: number) => written(timeOf(day) + days * dayMs);

/** How many days lie from `from` to `to`, the latter not counted. */
export const daysFrom = (from: string, to: string) => Math.round((timeOf(to) - timeOf(from)) / dayMs);

/** The first of the month that lies `months` away. */
export function monthStart(day: string, months = 0): string {
  const date = new Date(timeOf(day));
  return written(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
}

/** Monday is the first day of a week, as the server counts. */
export const weekStart = (day: string) => plusDays(day, -((new Date(timeOf(day)).getUTCDay() + 6) % 7));

export const isWeekend = (day: string) => [0, 6].includes(new Date(timeOf(day)).getUTCDay());

const starts: Record<Grain, (day: string) => string> = {
  day: (day) => day,
  week: weekStart,
  month: (day) => monthStart(day),
};

/** Where the bucket after the one that begins on `start` begins. */
export const nextBucket = (start: string, grain: Grain) =>
  grain === 'day' ? plusDays(start, 1) : grain === 'week' ? plusDays(start, 7) : monthStart(start, 1);

/** The beginnings of all buckets that touch the days from `from` to before `to`, in order; the first may begin before `from`. */
export function bucketsOf(from: string, to: string, grain: Grain): string[] {
  const found: string[] = [];
  for (let start = starts[grain](from); start < to; start = nextBucket(start, grain)) found.push(start);
  return found;
}

/** The calendar day it is now in a time zone. */
export function todayIn(timeZone: string, now = Date.now()): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}
