import { weaker, type Trials } from '../testing/trials.ts';

/** What each operation of access asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'query roleHolders': {
    asks: 'nothing',
    words: () => '{ roleHolders(role: owner, first: 2) { edges { node { name } } } }',
  },
  'query roles': { asks: 'nothing', words: () => '{ roles { name holdersCount permissions { name } } }' },
  'mutation grantRole': {
    asks: 'roleWithin',
    words: (scene) => ({ userId: scene.cast.member, role: weaker(scene) ? 'guest' : 'auditor' }),
  },
  'mutation withdrawRole': {
    asks: 'roleWithin',
    words: (scene) => ({
      userId: weaker(scene) ? scene.cast.member : scene.cast.owner,
      role: weaker(scene) ? 'member' : 'owner',
    }),
  },
};
