import { weaker, type Trials } from '../testing/trials.ts';

/** What each operation of identity asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'GET /api/status': { asks: 'nothing' },
  'POST /api/set-up': {
    asks: 'nothing',
    words: () => ({
      code: 'x',
      organisation: 'x',
      name: 'x',
      email: 'x@example.com',
      password: 'long enough for this',
    }),
  },
  'POST /api/invitation': {
    asks: 'nothing',
    words: () => ({ token: 'nobody made this', password: 'long enough for this' }),
  },
  'POST /api/session': { asks: 'nothing', words: ({ cast: { email, password } }) => ({ email, password }) },
  'POST /api/session/refresh': { asks: 'nothing' },
  'DELETE /api/session': { asks: 'nothing' },
  'GET /api/session/devices': { asks: 'nothing' },
  'DELETE /api/session/devices/:deviceId': { asks: 'ownDevice' },
  'DELETE /api/session/devices': { asks: 'nothing', words: () => ({ keepThis: true }) },
  'POST /api/session/password': {
    asks: 'ownPassword',
    words: () => ({ current: 'nobody chose this one', password: 'long enough for this' }),
  },
  'POST /api/password-reset/person': { asks: 'nothing', words: () => ({ token: 'nobody made this' }) },
  'POST /api/password-reset': {
    asks: 'nothing',
    words: () => ({ token: 'nobody made this', password: 'long enough for this' }),
  },
  'GET /api/me': { asks: 'nothing' },
  'query devices': {
    asks: 'nothing',
    words: () => '{ devices(first: 2) { edges { node { person { name } } } totalCount } }',
  },
  'mutation endDevices': {
    asks: 'notStronger',
    words: (scene) => ({ ids: [weaker(scene) ? scene.cast.device : scene.cast.ownersDevice] }),
  },
  'mutation resetPassword': {
    asks: 'notStronger',
    words: (scene) => ({ id: weaker(scene) ? scene.cast.member : scene.cast.owner }),
  },
  'mutation inviteAgain': {
    asks: 'notStronger',
    words: (scene) => ({ id: weaker(scene) ? scene.cast.invitedMember : scene.cast.invitedOwner }),
  },
  'mutation invitePerson': {
    asks: 'roleWithin',
    words: (scene) => ({ name: 'New', email: 'new@example.com', roles: [weaker(scene) ? 'member' : 'owner'] }),
  },
};
