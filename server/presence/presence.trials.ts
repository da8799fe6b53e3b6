import { here, type Trials } from '../testing/trials.ts';

/** What each operation of presence asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'typing:set': { asks: 'member', words: (scene) => ({ ...here(scene), typing: true }) },
  'presence:set': { asks: 'nothing', words: () => ({ state: 'online' }) },
  'presence:watch': { asks: 'nothing', words: ({ cast }) => ({ userIds: [cast.pia] }) },
};
