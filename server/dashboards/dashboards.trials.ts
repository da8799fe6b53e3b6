import type { Trials } from '../testing/trials.ts';

const range = 'id: "messages.sent", from: "2026-01-01", to: "2026-01-08", timeZone: "UTC", grain: day';

/** What each operation of dashboards asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query metric': { asks: 'nothing', words: () => `{ metric(${range}) { total } }` },
  'query metricBreakdown': {
    asks: 'nothing',
    words: () => `{ metricBreakdown(${range.replace(', grain: day', '')}) { total } }`,
  },
  'query metricEvents': {
    asks: 'nothing',
    words: () => `{ metricEvents(${range}, first: 2) { edges { node { at } } } }`,
  },
  'query metrics': { asks: 'nothing', words: () => '{ metrics { id } }' },
};
