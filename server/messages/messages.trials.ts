import { here, message, type Trials } from '../testing/trials.ts';

/** What each operation of messages asks beyond its permission, and the words it is tried with: see docs/reference/permissions.md. */
export const trials: Trials = {
  'sync:start': { asks: 'nothing', words: () => ({}) },
  'sync:conversation': { asks: 'reader', words: (scene) => ({ ...here(scene), since: 0 }) },
  'history:page': { asks: 'reader', words: here },
  'message:send': { asks: 'writer', words: (scene) => ({ ...here(scene), clientId: scene.deviceId, body: 'hello' }) },
  'message:edit': { asks: 'author', words: (scene) => ({ ...message(scene), body: 'edited' }) },
  'message:recall': { asks: 'authorOrLeader', words: message },
  'message:revisions': { asks: 'rereader', words: message },
  'topic:list': { asks: 'reader', words: here },
};
