import type { Trials } from '../testing/trials.ts';

/** What each operation of the console asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query find': { asks: 'nothing', words: () => '{ find(query: "p") { kind title } }' },
  'query overview': { asks: 'nothing', words: () => '{ overview { peopleActive analytics { waiting } } }' },
};
