import type { Trials } from '../testing/trials.ts';

/** What each operation of tasks asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'GET /api/tasks/:taskId/file': { asks: 'file' },
  'query tasks': { asks: 'nothing', words: () => '{ tasks(first: 2) { edges { node { name by { name } } } } }' },
};
