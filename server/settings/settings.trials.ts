import type { Trials } from '../testing/trials.ts';

/** What each operation of settings asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query operatorSettings': { asks: 'nothing', words: () => '{ operatorSettings { env value } }' },
  'query settings': { asks: 'nothing', words: () => '{ settings { name value } }' },
  'mutation changeSetting': { asks: 'nothing', words: () => ({ name: 'organisation', value: 'Renamed' }) },
};
