import { expect, test } from 'vitest';
import type { Summary } from '@parley/protocol/conversations.ts';
import { isWaiting, neighbour, sectionsOf } from './sections.ts';

type Facts = {
  at?: number;
  unread?: number;
  mentions?: number;
  muted?: boolean;
  pinned?: boolean;
  kind?: 'direct' | 'channel';
  archived?: boolean;
  outside?: boolean;
};
const row = (
  id: string,
  {
    at = 0,
    unread = 0,
    mentions = 0,
    muted = false,
    pinned = false,
    kind = 'channel',
    archived = false,
    outside = false,
  }: Facts = {},
) =>
  ({
    conversation: { id, kind, name: id, createdAt: 0, archivedAt: archived ? 1 : null },
    lastLine: 10,
    last: at ? { at } : null,
    mine: outside ? null : { readLine: 10 - unread, unread, mentions, muted, pinned },
  }) as unknown as Summary;
const drawn = (...given: Parameters<typeof sectionsOf>) =>
  sectionsOf(...given).map(({ name, rows }) => `${name}: ${rows.map(({ conversation }) => conversation.id).join(' ')}`);
const nothing = new Set<string>();

test('what waits is what is unread and not muted, or names the reader', () => {
  expect(
    [
      row('a', { unread: 1 }),
      row('b'),
      row('c', { unread: 3, muted: true }),
      row('d', { unread: 3, muted: true, mentions: 1 }),
    ].map(isWaiting),
  ).toEqual([true, false, false, true]);
});

test('pinned come first, then the unread, then the others, each newest first', () => {
  const all = [
    row('old', { at: 1 }),
    row('new', { at: 9 }),
    row('unread', { at: 2, unread: 1 }),
    row('pinned', { at: 3, pinned: true, unread: 5 }),
  ];
  expect(drawn(all, 'unread', null, nothing)).toEqual(['pinned: pinned', 'unread: unread', 'recent: new old']);
  expect(drawn(all, 'recent', null, nothing)).toEqual(['pinned: pinned', 'recent: new unread old']);
});

test('by kind, channels stand apart from people and groups', () => {
  expect(drawn([row('c', { at: 1 }), row('d', { at: 2, kind: 'direct' })], 'kind', null, nothing)).toEqual([
    'channels: c',
    'people: d',
  ]);
});

test('a conversation that was just read keeps its place among the unread', () => {
  expect(drawn([row('a', { at: 2 }), row('b', { at: 1, unread: 1 })], 'unread', 'a', new Set(['a']))).toEqual([
    'unread: a b',
  ]);
});

test('archived conversations and channels one is not in are not listed, unless one has the former open', () => {
  const all = [row('a'), row('gone', { archived: true }), row('foreign', { outside: true })];
  expect(drawn(all, 'recent', null, nothing)).toEqual(['recent: a']);
  expect(drawn(all, 'recent', 'gone', nothing)[0]).toContain('gone');
});

test('neighbours follow the drawn order, go around at the ends, and can be only those that wait', () => {
  const sections = sectionsOf(
    [row('a', { at: 3 }), row('b', { at: 2, unread: 1 }), row('c', { at: 1 })],
    'recent',
    'a',
    nothing,
  );
  expect(neighbour(sections, 'a', 1)).toBe('b');
  expect(neighbour(sections, 'a', -1)).toBe('c');
  expect(neighbour(sections, 'c', 1)).toBe('a');
  expect(neighbour(sections, null, 1)).toBe('a');
  expect(neighbour(sections, null, -1)).toBe('c');
  expect(neighbour(sections, 'c', 1, isWaiting)).toBe('b');
  expect(neighbour(sections, 'b', 1, isWaiting)).toBeNull();
  expect(neighbour([], null, 1)).toBeNull();
});
