import { here, message, type Trials } from '../testing/trials.ts';

/** What each operation of pins asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'pin:list': { asks: 'member', words: here },
  'pin:add': { asks: 'keeper', words: message },
  'pin:remove': { asks: 'writer', words: message },
};
