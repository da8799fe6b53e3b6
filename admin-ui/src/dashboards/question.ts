import type { LocationQuery } from 'vue-router';
import type { DepartmentScope, Grain } from '../graphql/graphql.ts';
import { daysFrom, isDay, monthStart, plusDays, weekStart } from './days.ts';

export const presets = ['7d', '28d', '12w', '12m', 'month', 'last'] as const;
export type Preset = (typeof presets)[number];
export const conversationKinds = ['direct', 'group', 'channel'] as const;
export type ConversationKind = (typeof conversationKinds)[number];
export const botChoices = ['out', 'in', 'only'] as const;
export type BotChoice = (typeof botChoices)[number];
const scopes: readonly DepartmentScope[] = ['below', 'own', 'gone'];
export const grains: readonly Grain[] = ['day', 'week', 'month'];

/** What is asked, as the reader chose it. `to` is the first day that is not part of it; `kinds` is empty for all. */
export type Question = {
  metric: string;
  preset: Preset | null;
  from: string;
  to: string;
  grain: Grain;
  department: string | null;
  /** The department with everything below it, only who was directly in it (or in none), or only in deleted ones. */
  scope: DepartmentScope;
  kinds: ConversationKind[];
  bots: BotChoice;
};

/** The steps that suit a preset. */
export const usualGrain: Record<Preset, Grain> = {
  '7d': 'day',
  '28d': 'day',
  '12w': 'week',
  '12m': 'month',
  month: 'day',
  last: 'day',
};

/** The days of a preset, today included where it is part of it. */
export function daysOf(preset: Preset, today: string): { from: string; to: string } {
  const to = plusDays(today, 1);
  switch (preset) {
    case '7d':
      return { from: plusDays(to, -7), to };
    case '28d':
      return { from: plusDays(to, -28), to };
    case '12w':
      return { from: plusDays(weekStart(today), -77), to };
    case '12m':
      return { from: monthStart(today, -11), to };
    case 'month':
      return { from: monthStart(today), to };
    case 'last':
      return { from: monthStart(today, -1), to: monthStart(today) };
  }
}

/** A grain under which days are neither too many to tell apart nor too few to draw. */
const grainFor = (days: number): Grain => (days <= 62 ? 'day' : days <= 370 ? 'week' : 'month');

const one = <T extends string>(known: readonly T[], said: unknown): T | null =>
  known.find((name) => name === said) ?? null;

/** Reads the address bar. Whatever it holds that nobody understands is left out: anybody can write an address. */
export function readQuestion(query: LocationQuery, today: string): Question {
  const own =
    isDay(query.from) && isDay(query.until) && query.from <= query.until && daysFrom(query.from, query.until) < 7_400;
  const preset = own ? null : (one(presets, query.range) ?? '28d');
  const days = preset ? daysOf(preset, today) : { from: String(query.from), to: plusDays(String(query.until), 1) };
  const length = daysFrom(days.from, days.to);
  const asked = one(grains, query.by);
  const department = typeof query.department === 'string' && query.department ? query.department : null;
  const scope = one(scopes, query.scope) ?? 'below';
  return {
    ...days,
    preset,
    metric: typeof query.metric === 'string' ? query.metric : '',
    // The server draws no more than three years by day.
    grain: asked && (asked !== 'day' || length <= 1_100) ? asked : preset ? usualGrain[preset] : grainFor(length),
    department,
    scope: department && scope === 'gone' ? 'below' : scope,
    kinds: conversationKinds.filter((kind) =>
      String(query.kinds ?? '')
        .split(',')
        .includes(kind),
    ),
    bots: one(botChoices, query.bots) ?? 'out',
  };
}

/** The same as an address, with only what differs from the usual. */
export function writeQuestion(question: Question): Record<string, string> {
  const { preset, from, to, grain, metric, department, scope, kinds, bots } = question;
  const usual = preset ? usualGrain[preset] : grainFor(daysFrom(from, to));
  return {
    ...(metric ? { metric } : {}),
    ...(preset === null ? { from, until: plusDays(to, -1) } : preset === '28d' ? {} : { range: preset }),
    ...(grain === usual ? {} : { by: grain }),
    ...(department ? { department } : {}),
    ...(scope === 'below' ? {} : { scope }),
    ...(kinds.length > 0 && kinds.length < conversationKinds.length ? { kinds: kinds.join(',') } : {}),
    ...(bots === 'out' ? {} : { bots }),
  };
}

/** What the server is asked. */
export function variablesOf(question: Question, timeZone: string) {
  const { from, to, grain, department, scope, kinds, bots } = question;
  return {
    from,
    to,
    grain,
    timeZone,
    departmentId: department,
    departmentScope: scope === 'below' ? null : scope,
    conversationKinds: kinds.length > 0 && kinds.length < conversationKinds.length ? kinds : null,
    bots: bots === 'in' ? null : bots === 'only',
  };
}

export type Variables = ReturnType<typeof variablesOf>;

/** The zone the reader's days begin in; browsers that will not say live in UTC. */
export function ownTimeZone(): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone && zone !== 'Etc/Unknown' ? zone : 'UTC';
}
