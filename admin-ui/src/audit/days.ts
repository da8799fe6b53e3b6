import { i18n } from '../words/i18n.ts';
import { dayName, daysBetween } from '../words/times.ts';

/** The days somebody looks at, both included, written YYYY-MM-DD; null: without a bound. */
export type Days = { from: string | null; to: string | null };

/** The same as moments of the reader's own time; the second is no part of it. */
export const momentsOf = ({ from, to }: Days): { from: string | null; to: string | null } => ({
  from: from && midnight(from),
  to: to && midnight(to, 1),
});

/** Midnight where the reader is. `after`: days later. */
function midnight(date: string, after = 0): string {
  const [year = 0, month = 1, of = 1] = date.split('-').map(Number);
  return new Date(year, month - 1, of + after).toISOString();
}

/** "1 – 3 Nov 2026", "since 1 Nov 2026"; empty when there is no bound. */
export function namesOf({ from, to }: Days): string {
  if (from && to) return daysBetween(from, to);
  const day = from ?? to;
  if (!day) return '';
  const name = dayName(day, { day: 'numeric', month: 'short', year: 'numeric' });
  return i18n.global.t(from ? 'audit.since' : 'audit.until', { day: name });
}
