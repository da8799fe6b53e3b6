import { here, type Trials } from '../testing/trials.ts';

/** What each operation of conversations asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'read:mark': { asks: 'member', words: (scene) => ({ ...here(scene), line: 1 }) },
  'read:unread': { asks: 'member', words: (scene) => ({ ...here(scene), line: 1 }) },
  'thread:follows': { asks: 'member', words: here },
  'thread:mark': { asks: 'member', words: (scene) => ({ ...here(scene), threadId: scene.otherMessage, answers: 0 }) },
  'conversation:create': {
    asks: 'nothing',
    words: ({ deviceId }) => ({ clientId: deviceId, kind: 'group', name: 'new' }),
  },
  'conversation:direct': { asks: 'nothing', words: ({ cast }) => ({ userId: cast.pia }) },
  'conversation:open': { asks: 'reader', words: here },
  'conversation:close': { asks: 'reader', words: here },
  'conversation:join': { asks: 'newcomer', words: here },
  'conversation:leave': { asks: 'leaver', words: here },
  'conversation:rename': { asks: 'leader', words: (scene) => ({ ...here(scene), name: 'renamed' }) },
  'conversation:archive': { asks: 'owner', words: here },
  'conversation:make-private': { asks: 'owner', words: here },
  'conversation:browse': { asks: 'nothing', words: () => ({}) },
  'conversation:find': { asks: 'nothing', words: () => ({ query: 'pin' }) },
  'conversation:prefer': { asks: 'member', words: (scene) => ({ ...here(scene), muted: true }) },
  'member:list': { asks: 'reader', words: here },
  'member:add': { asks: 'adder', words: (scene) => ({ ...here(scene), userIds: [scene.cast.nora] }) },
  'member:remove': { asks: 'leader', words: (scene) => ({ ...here(scene), userId: scene.cast.tom }) },
  'member:role': { asks: 'owner', words: (scene) => ({ ...here(scene), userId: scene.cast.tom, role: 'moderator' }) },
};
