import type { Trials } from '../testing/trials.ts';

/** What each operation of departments asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query departments': { asks: 'nothing', words: () => '{ departments { id peopleCount peopleBelow } }' },
  'mutation createDepartment': { asks: 'nothing', words: () => ({ name: 'New' }) },
  'mutation deleteDepartment': { asks: 'nothing', words: ({ cast }) => ({ id: cast.department, moveUp: true }) },
  'mutation moveDepartment': { asks: 'nothing', words: ({ cast }) => ({ id: cast.department }) },
  'mutation renameDepartment': { asks: 'nothing', words: ({ cast }) => ({ id: cast.department, name: 'Renamed' }) },
};
