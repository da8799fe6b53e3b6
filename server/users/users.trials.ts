import { weaker, type Trials } from '../testing/trials.ts';

/** What each operation of users asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'people:search': { asks: 'nothing', words: () => ({ query: 'Pia' }) },
  'people:get': { asks: 'nothing', words: ({ cast }) => ({ ids: [cast.pia] }) },
  'session:me': { asks: 'nothing', words: () => ({}) },
  'query me': { asks: 'nothing', words: () => '{ me { name roles permissions devices { id } department { path } } }' },
  'query people': {
    asks: 'nothing',
    words: () => '{ people(first: 2) { edges { node { name email roles } } totalCount } }',
  },
  'query findPeople': { asks: 'nothing', words: () => '{ findPeople(query: "mem", limit: 2) { name email } }' },
  'query person': {
    asks: 'nothing',
    words: ({ cast }) =>
      `{ person(id: "${cast.member}") { name devices { id } roles permissions entries { action } } }`,
  },
  'mutation editPerson': {
    asks: 'notStronger',
    words: (scene) => ({ id: weaker(scene) ? scene.cast.member : scene.cast.owner, title: 'Baker' }),
  },
  'mutation reactivatePeople': {
    asks: 'notStronger',
    words: (scene) => ({ ids: [weaker(scene) ? scene.cast.suspendedMember : scene.cast.suspendedOwner] }),
  },
  'mutation suspendPeople': {
    asks: 'notStronger',
    words: (scene) => ({ ids: [weaker(scene) ? scene.cast.member : scene.cast.owner] }),
  },
};
