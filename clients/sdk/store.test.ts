import { beforeEach, describe, expect, test } from 'vitest';
import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import { untouched, type Message } from '@parley/protocol/messages.ts';
import type { Change } from '@parley/protocol/sync.ts';
import { createStore } from './store.ts';
import { createTopics, type Changed } from './topics.ts';

const me = {
  id: 'me',
  name: 'Ada',
  kind: 'person',
  status: 'active',
  title: null,
  department: null,
  permissions: [],
  readRevisions: 'members',
  creates: [],
} as const;
const mine = (more: Partial<Mine> = {}): Mine => ({
  role: 'member',
  readLine: 10,
  unreadFrom: null,
  unread: 0,
  mentions: 0,
  muted: false,
  pinned: false,
  urev: 1,
  head: 20,
  threads: [],
  ...more,
});
const summary = (more: Partial<Summary> = {}): Summary => ({
  conversation: {
    id: 'c',
    kind: 'channel',
    name: 'general',
    purpose: '',
    visibility: 'private',
    threading: 'replies',
    createdAt: 0,
    archivedAt: null,
    rev: 1,
  },
  lastSeq: 10,
  lastLine: 10,
  head: 20,
  memberCount: 3,
  peerId: null,
  last: null,
  mine: mine(),
  ...more,
});
const message = (seq: number, rev: number, more: Partial<Message> = {}): Change => ({
  kind: 'message',
  rev,
  message: {
    id: `m${seq}`,
    conversationId: 'c',
    seq,
    line: seq,
    rev,
    senderId: 'ben',
    clientId: `c${seq}`,
    threadId: null,
    title: null,
    body: `said ${seq}`,
    mentions: [],
    at: seq,
    ...untouched,
    ...more,
  },
});

const gone = { recalledAt: 1, body: '' };
const recall = (seq: number, rev: number) => ({ ...message(seq, rev, gone), recall: true }) as Change;

let told: Changed[];
let asked: string[];
let store: ReturnType<typeof createStore>;
beforeEach(() => {
  [told, asked] = [[], []];
  const topics = createTopics();
  topics.subscribe((changed) => told.push(changed));
  store = createStore(topics, (id, why) => asked.push(`${id} ${why}`));
  store.start({ me: { ...me, permissions: [] }, head: 5, changed: [summary()], left: [], people: [] }, true);
  told.length = 0;
});

describe('unread', () => {
  test('is what the server counted, and a message of the others adds one', () => {
    store.apply('c', [message(11, 21)], 21);
    expect([store.unread('c'), store.mentions('c')]).toEqual([1, 0]);
    expect(told).toEqual([{ topic: 'conversation', id: 'c' }]);
    expect(store.conversations.get('c')!.last).toEqual({
      senderId: 'ben',
      body: 'said 11',
      at: 11,
      seq: 11,
      recalled: false,
    });
  });

  test('does not count answers below the main line', () => {
    store.apply('c', [message(11, 21, { line: null, threadId: 'm3' })], 21);
    expect(store.unread('c')).toBe(0);
    expect(store.conversations.get('c')).toMatchObject({ lastSeq: 11, lastLine: 10, head: 21 });
  });

  test('is none up to one’s own message, also when another device wrote it', () => {
    store.apply('c', [message(11, 21, { mentions: ['me'] })], 21);
    expect([store.unread('c'), store.mentions('c')]).toEqual([1, 1]);
    store.apply('c', [message(12, 22, { senderId: 'me' })], 22);
    expect([store.unread('c'), store.mentions('c')]).toEqual([0, 0]);
  });

  test('never rises because an older mark comes late', () => {
    store.apply('c', [message(11, 21), message(12, 22)], 22);
    store.markRead('c', 12);
    const late = mine({ readLine: 11, unread: 1, urev: 6, head: 22 });
    store.mine({ head: 6, kind: 'mine', conversationId: 'c', mine: late });
    expect(store.unread('c')).toBe(0);
    expect(store.markRead('c', 11)).toBe(false);
    store.start(
      {
        me: { ...me, permissions: [] },
        head: 6,
        changed: [summary({ lastLine: 12, lastSeq: 12, head: 22, mine: late })],
        left: [],
        people: [],
      },
      false,
    );
    expect(store.unread('c')).toBe(0);
  });

  test('counts no change twice that a summary was told with already', () => {
    store.start(
      {
        me: { ...me, permissions: [] },
        head: 6,
        changed: [summary({ lastLine: 11, lastSeq: 11, head: 21, mine: mine({ unread: 1, mentions: 1, head: 21 }) })],
        left: [],
        people: [],
      },
      false,
    );
    store.apply('c', [message(11, 21, { mentions: ['me'] })], 21);
    expect([store.unread('c'), store.mentions('c')]).toEqual([1, 1]);
  });

  test('a count told as of an earlier change gets later ones added, and none twice', () => {
    store.apply('c', [message(11, 21), message(12, 22), message(13, 23), recall(12, 24)], 24);
    store.mine({ head: 6, kind: 'mine', conversationId: 'c', mine: mine({ unread: 1, urev: 6, head: 21 }) });
    expect(store.unread('c')).toBe(2);
    store.mine({ head: 7, kind: 'mine', conversationId: 'c', mine: mine({ unread: 5, urev: 7, head: 26 }) });
    store.apply('c', [message(14, 25)], 25);
    expect(store.unread('c')).toBe(5);
    store.apply('c', [message(15, 26), message(16, 27)], 27);
    expect(store.unread('c')).toBe(6);
    expect(asked).toEqual([]);
    // What happened between these two heads was told as one number: how it was counted is not known here.
    store.mine({ head: 8, kind: 'mine', conversationId: 'c', mine: mine({ unread: 4, urev: 8, head: 25 }) });
    expect(asked).toEqual(['c marks']);
  });

  test('a live recall lowers unread by one; for a possibly old one the server is asked', () => {
    store.apply('c', [message(11, 21), message(12, 22)], 22);
    store.apply('c', [recall(11, 23)], 23);
    expect([store.unread('c'), asked]).toEqual([1, []]);
    store.apply('c', [recall(5, 24)], 24);
    expect([store.unread('c'), asked]).toEqual([1, []]);
    store.apply('c', [message(12, 25, { ...gone, answers: 1 })], 25);
    expect([store.unread('c'), asked.includes('c marks')]).toEqual([1, true]);
  });

  test('a message that was recalled before this device heard of it never counts', () => {
    store.apply('c', [message(11, 23, gone)], 23);
    expect([store.unread('c'), asked]).toEqual([0, []]);
  });

  test('messages told out of their order, since one was edited, are asked for', () => {
    store.apply('c', [message(12, 22), message(11, 23, { editedAt: 1 })], 23);
    expect([store.unread('c'), asked]).toEqual([2, ['c marks']]);
  });

  test('begins at the line chosen by the reader, until they read past it or write', () => {
    const chosen = mine({ unreadFrom: 6, unread: 5, urev: 6 });
    store.mineTold('c', chosen);
    store.apply('c', [message(11, 21), recall(7, 22)], 22);
    expect(store.unread('c')).toBe(5);
    expect(store.markRead('c', 5)).toBe(false);
    expect(store.markRead('c', 8)).toBe(true);
    expect(store.conversations.get('c')!.mine).toMatchObject({ readLine: 10, unreadFrom: 9, unread: 3 });
    store.marked('c', 8, { ...chosen, unreadFrom: 9, unread: 3, urev: 7, head: 22 });
    store.apply('c', [message(12, 23, { senderId: 'me' })], 23);
    expect(store.conversations.get('c')!.mine).toMatchObject({ readLine: 12, unreadFrom: null, unread: 0 });
  });

  test('of a conversation one only looks at, or does not know, is none', () => {
    store.take(summary({ conversation: { ...summary().conversation, id: 'public' }, mine: null, lastLine: 99 }));
    expect([store.unread('public'), store.mentions('public'), store.unread('nowhere')]).toEqual([0, 0, 0]);
  });
});

describe('mentions', () => {
  test('count at once, and the server is asked for the exact number soon', () => {
    store.apply('c', [message(11, 21, { mentions: ['me', 'cleo'] })], 21);
    expect(store.mentions('c')).toBe(1);
    expect(asked).toEqual(['c marks']);
  });

  test('that an edit or a recall may have taken away are asked for', () => {
    store.apply('c', [message(11, 21, { mentions: ['me'] })], 21);
    asked.length = 0;
    store.apply('c', [recall(11, 22)], 22);
    expect(asked).toEqual(['c marks']);
    expect(store.conversations.get('c')!.last).toMatchObject({ recalled: true, body: '' });
  });

  test('in an answer count at once, and the thread is followed from then on', () => {
    store.follows('c', []);
    const answer = { line: null, threadId: 'm3' };
    store.apply('c', [message(11, 21, { ...answer, mentions: ['me'] })], 21);
    expect([store.unread('c'), store.mentions('c'), asked]).toEqual([0, 1, ['c marks']]);
    asked.length = 0;
    store.apply('c', [message(12, 22, answer)], 22);
    store.apply('c', [{ kind: 'answers', rev: 23, threadId: 'm3', answers: 2, lastAnswerAt: 1 }], 23);
    expect(asked).toEqual(['c marks']);
  });

  test('in threads stay when the main line is read, and go with their thread', () => {
    const threads = [{ threadId: 'm3', answers: 4, read: 1, unread: 2, mentions: 1 }];
    store.mineTold('c', mine({ readLine: 8, unread: 2, mentions: 2, urev: 2, threads }));
    store.markRead('c', 10);
    expect([store.unread('c'), store.mentions('c')]).toEqual([0, 1]);
    store.markThreadRead('c', 'm3', 3);
    expect(store.conversations.get('c')!.mine!.threads).toEqual([{ ...threads[0], read: 3, unread: 1 }]);
    store.markThreadRead('c', 'm3', 4);
    expect([store.mentions('c'), store.conversations.get('c')!.mine!.threads]).toEqual([0, []]);
  });

  test('are none once everything is read, at once', () => {
    store.apply('c', [message(11, 21, { mentions: ['me'] }), message(12, 22)], 22);
    expect(store.markRead('c', 12)).toBe(true);
    expect(store.mentions('c')).toBe(0);
  });

  test('after a mark are what the server says, unless a later mark was made here', () => {
    store.apply('c', [message(11, 21), message(12, 22, { mentions: ['me'] }), message(13, 23)], 23);
    store.markRead('c', 11);
    store.marked('c', 11, mine({ readLine: 11, unread: 2, mentions: 1, urev: 2, head: 23 }));
    expect(store.mentions('c')).toBe(1);
    store.markRead('c', 13);
    store.marked('c', 12, mine({ readLine: 12, unread: 1, mentions: 5, urev: 3, head: 23 }));
    expect([store.unread('c'), store.mentions('c')]).toEqual([0, 0]);
  });
});

describe('one’s own stream', () => {
  test('brings conversations and takes them away', () => {
    store.mine({ head: 6, kind: 'joined', summary: summary({ conversation: { ...summary().conversation, id: 'd' } }) });
    expect([...store.conversations.keys()]).toEqual(['c', 'd']);
    store.mine({ head: 7, kind: 'left', conversationId: 'c' });
    expect([...store.conversations.keys()]).toEqual(['d']);
    expect(told).toContainEqual({ topic: 'conversations' });
  });

  test('a full start forgets what the server no longer lists; a later one only what it says was left', () => {
    store.start({ me: { ...me, permissions: [] }, head: 6, changed: [], left: [], people: [] }, false);
    expect(store.conversations.has('c')).toBe(true);
    store.start({ me: { ...me, permissions: [] }, head: 6, changed: [], left: ['c'], people: [] }, false);
    expect(store.conversations.has('c')).toBe(false);
  });
});

test('an answer older than what events have told already takes nothing back', () => {
  store.apply('c', [message(11, 21), message(12, 22)], 22);
  store.take(
    summary({
      lastSeq: 11,
      lastLine: 11,
      head: 21,
      last: { senderId: 'ben', body: 'said 11', at: 11, seq: 11, recalled: false },
    }),
  );
  expect(store.conversations.get('c')).toMatchObject({
    lastSeq: 12,
    lastLine: 12,
    head: 22,
    last: { body: 'said 12' },
  });
});

test('answers below a thread that may be followed are asked for; below others they are not', () => {
  store.apply('c', [{ kind: 'answers', rev: 21, threadId: 'm3', answers: 1, lastAnswerAt: 1 }], 21);
  expect(asked).toEqual(['c threads']);
  store.follows('c', []);
  asked.length = 0;
  store.apply('c', [{ kind: 'answers', rev: 21, threadId: 'm3', answers: 1, lastAnswerAt: 1 }], 21);
  expect(asked).toEqual([]);
  store.apply('c', [message(11, 22, { senderId: 'me' })], 22);
  store.apply('c', [{ kind: 'answers', rev: 23, threadId: 'm11', answers: 1, lastAnswerAt: 1 }], 23);
  expect(asked).toEqual(['c marks']);
});

test('objects handed out earlier are not altered', () => {
  const before = store.conversations.get('c')!;
  const copy = structuredClone(before);
  store.apply('c', [message(11, 21, { mentions: ['me'] })], 21);
  store.markRead('c', 11);
  expect(before).toEqual(copy);
  expect(store.conversations.get('c')).not.toBe(before);
});
