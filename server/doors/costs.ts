import type { House } from '../kernel/work.ts';

/*
 * What operations cost. Every operation of every door names one of these classes next to its permission. A point is
 * about what a plain read costs: a millisecond of the server and its database together. How many points a person has
 * stands in budgets.ts.
 */

type CostClass = {
  /** Taken from the person's budget for each call. */
  points: number;
  /**
   * Calls of this class that one person may have running at once, over all connections and doors; the others wait their
   * turn.
   */
  atOnce?: number;
  /** Whether a call also pays for the time it took. */
  timed?: true;
  /** For the reference. */
  sentence: string;
};

export const costs = {
  own: { points: 0, sentence: 'Not charged: it has limits of its own, or costs nothing worth counting.' },
  hint: { points: 1, sentence: 'Typing and presence: a share of their own, and dropped silently beyond it.' },
  read: { points: 1, atOnce: 8, sentence: 'A few rows by their key.' },
  write: { points: 2, atOnce: 8, sentence: 'A small change.' },
  send: { points: 2, atOnce: 4, sentence: 'A message: stored, delivered, indexed and counted.' },
  page: { points: 2, atOnce: 4, timed: true, sentence: 'A page of history, a catch-up, a list in the chat.' },
  people: { points: 4, atOnce: 1, timed: true, sentence: 'A search for people.' },
  search: { points: 10, atOnce: 1, timed: true, sentence: 'A search in messages.' },
  start: { points: 10, atOnce: 2, timed: true, sentence: 'The first call of a device: all that is the person’s own.' },
  list: { points: 3, atOnce: 4, timed: true, sentence: 'A list or a summary in the console.' },
  document: { points: 1, atOnce: 3, sentence: 'One GraphQL document, besides the fields it names.' },
  numbers: { points: 5, atOnce: 2, timed: true, sentence: 'A number of the dashboards.' },
  act: { points: 5, sentence: 'An administrative act, once for its plan and once for applying it.' },
  file: { points: 20, atOnce: 2, timed: true, sentence: 'A file to download.' },
} as const satisfies Record<string, CostClass>;

export type CostName = keyof typeof costs;

/**
 * What an operation declares: its class, and where the input decides how heavy it is, the points on top. `input` is not
 * checked yet.
 */
export type Cost = CostName | { class: CostName; more(house: House, input: Readonly<Record<string, unknown>>): number };

export const classOf = (cost: Cost): CostName => (typeof cost === 'string' ? cost : cost.class);
export const atOnceOf = (name: CostName): number | undefined => (costs[name] as CostClass).atOnce;
export const isTimed = (name: CostName): boolean => (costs[name] as CostClass).timed === true;

/** Characters of the input that add one point. */
const charactersAPoint = 4_000;

/** The points one call costs: those of its class, and more for large inputs and for what the operation itself says. */
export function pointsOf(house: House, cost: Cost, input: unknown): number {
  const said = (typeof input === 'object' && input !== null ? input : {}) as Readonly<Record<string, unknown>>;
  const { points } = costs[classOf(cost)];
  if (points === 0) return 0;
  const more = typeof cost === 'string' ? 0 : cost.more(house, said);
  return points + more + sizeOf(said) / charactersAPoint;
}

/** Roughly the characters of an input: texts and lists lie at its top level. */
function sizeOf(said: Readonly<Record<string, unknown>>): number {
  let size = 0;
  for (const value of Object.values(said)) {
    if (typeof value === 'string') size += value.length;
    else if (Array.isArray(value)) size += 40 * value.length;
    else if (typeof value === 'object' && value !== null) size += 40 * Object.keys(value).length;
  }
  return size;
}
