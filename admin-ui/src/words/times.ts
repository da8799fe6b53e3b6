import { createFormat, regionOf } from '@parley/look/format.ts';
import { i18n } from './i18n.ts';

/** The reader's own region of the language chosen. */
export const region = (): string => regionOf(i18n.global.locale.value);

const format = createFormat(() => i18n.global.locale.value);

type Moment = string | number | Date;

/** Date and time to the minute. */
export const moment = (at: Moment) => format({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
/** Everything a tooltip or a log owes: to the second, with the zone. */
export const exactly = (at: Moment) => format({ dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at));
export const dateOf = (at: Moment) => format({ dateStyle: 'medium' }).format(new Date(at));

/** A calendar day written YYYY-MM-DD, which belongs to no time zone. */
export const dayName = (
  day: string,
  options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short' },
) => format({ ...options, timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

/** "1 – 28 Nov 2026", both days included. */
export const daysBetween = (from: string, to: string) =>
  format({ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).formatRange(
    new Date(`${from}T00:00:00Z`),
    new Date(`${to}T00:00:00Z`),
  );

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 minutes ago" up to a month, then the date. */
export function ago(at: Moment, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1_000;
  if (Math.abs(seconds) > 30 * 86_400) return dateOf(at);
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const many = unit === 'second' ? 0 : Math.round(seconds / size);
  return new Intl.RelativeTimeFormat(i18n.global.locale.value, { numeric: 'auto', style: 'long' }).format(many, unit);
}
