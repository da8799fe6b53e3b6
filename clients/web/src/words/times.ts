import { createFormat } from '@parley/look/format.ts';
import { i18n } from './i18n.ts';

const format = createFormat(() => i18n.global.locale.value);

/** Hour and minute. */
export const clock = (at: number) => format({ hour: '2-digit', minute: '2-digit' }).format(at);
/** Everything a tooltip owes: weekday, date, time. */
export const moment = (at: number) => format({ dateStyle: 'full', timeStyle: 'short' }).format(at);
/** Short date and time. */
export const shortMoment = (at: number) => format({ dateStyle: 'medium', timeStyle: 'short' }).format(at);

/** The local calendar day as a number that grows by one a day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.floor((at - date.getTimezoneOffset() * 60_000) / 86_400_000);
}

/** A day rule's words: today, yesterday, a weekday with its date, and the year when it is another one. */
export function dayName(at: number, now = Date.now()): string {
  const days = dayOf(now) - dayOf(at);
  if (days === 0) return i18n.global.t('talk.today');
  if (days === 1) return i18n.global.t('talk.yesterday');
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format({ weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) }).format(
    at,
  );
}

/** The time beside a list's row: the clock today, the weekday this week, else the date. */
export function briefTime(at: number, now = Date.now()): string {
  const days = dayOf(now) - dayOf(at);
  if (days <= 0) return clock(at);
  if (days === 1) return i18n.global.t('talk.yesterday');
  if (days < 7) return format({ weekday: 'short' }).format(at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(
    sameYear ? { day: 'numeric', month: 'short' } : { year: 'numeric', month: 'numeric', day: 'numeric' },
  ).format(at);
}
