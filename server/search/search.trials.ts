import type { Trials } from '../testing/trials.ts';

/** What each operation of search asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'message:search': { asks: 'nothing', words: ({ secret }) => ({ query: secret }) },
  'message:count': { asks: 'nothing', words: ({ secret }) => ({ query: secret }) },
};
