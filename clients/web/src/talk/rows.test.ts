import { describe, expect, test } from 'vitest';
import type { Entry } from '@parley/sdk/client.ts';
import type { Message } from '@parley/protocol/messages.ts';
import { rowsOf, type Drawing } from './rows.ts';

const noon = new Date(2026, 10, 20, 12).getTime();
const minute = 60_000;

function said(seq: number, more: Partial<Message> = {}): Entry {
  const message: Message = {
    id: `m${seq}`,
    conversationId: 'c',
    seq,
    line: seq,
    rev: seq,
    senderId: 'ada',
    clientId: `k${seq}`,
    threadId: null,
    title: null,
    body: `words ${seq}`,
    mentions: [],
    at: noon + seq * minute,
    editedAt: null,
    recalledAt: null,
    answers: 0,
    lastAnswerAt: null,
    ...more,
  };
  return { kind: 'message', key: message.id, message };
}
const drawing: Drawing = { myId: 'me', hasOlder: false, unreadFrom: null, threading: 'replies', narrowed: false };
const drawn = (entries: Entry[], more: Partial<Drawing> = {}) =>
  rowsOf(entries, { ...drawing, ...more }).map((row) =>
    row.kind === 'message' ? `${row.joined ? '+' : ''}${row.key}` : row.kind,
  );

describe('messages join under one header', () => {
  test('of one sender within five minutes', () => {
    expect(drawn([said(1), said(2), said(3, { senderId: 'ben' }), said(4)])).toEqual(['day', 'm1', '+m2', 'm3', 'm4']);
    expect(drawn([said(1), said(2, { at: noon + 6 * minute })])).toEqual(['day', 'm1', 'm2']);
  });
  test('but not across a day, a recalled message or a time that runs backwards', () => {
    expect(drawn([said(1), said(2, { at: noon + 24 * 60 * minute })])).toEqual(['day', 'm1', 'day', 'm2']);
    expect(drawn([said(1, { recalledAt: noon }), said(2)])).toEqual(['day', 'm1', 'm2']);
    expect(drawn([said(1), said(2, { at: noon })])).toEqual(['day', 'm1', 'm2']);
  });
});

test('the new line stands before the first unread message, once, and ends a group', () => {
  expect(drawn([said(1), said(2), said(3)], { unreadFrom: 2 })).toEqual(['day', 'm1', 'new', 'm2', '+m3']);
  expect(drawn([said(1), said(2)], { unreadFrom: 9 })).toEqual(['day', 'm1', '+m2']);
});

test('topics get a heading wherever the talk changes to another, and none when narrowed to one', () => {
  const talk = [
    said(1, { title: 'Heat' }),
    said(2, { threadId: 'm1' }),
    said(3, { title: 'Roof' }),
    said(4, { threadId: 'm1' }),
  ];
  expect(drawn(talk, { threading: 'topics' })).toEqual(['day', 'topic', 'm1', '+m2', 'topic', 'm3', 'topic', 'm4']);
  expect(drawn(talk, { threading: 'topics', narrowed: true })).toEqual(['day', 'm1', '+m2', '+m3', '+m4']);
});

test('own pending messages join at the end like any other', () => {
  const pending = {
    clientId: 'k9',
    conversationId: 'c',
    threadId: null,
    title: null,
    body: 'later',
    at: noon + 2 * minute,
    state: 'waiting',
    error: null,
  } as const;
  expect(drawn([said(1, { senderId: 'me' }), { kind: 'pending', key: 'p9', pending }])).toEqual(['day', 'm1', '+p9']);
});

test('rows already drawn are the same rows when an older page arrives', () => {
  const all = Array.from({ length: 40 }, (_, n) =>
    said(n + 1, { senderId: n % 7 < 4 ? 'ada' : 'ben', at: noon + n * 90 * minute }),
  );
  for (const unreadFrom of [null, 25]) {
    for (let from = 1; from < 20; from++) {
      const before = rowsOf(all.slice(from), { ...drawing, hasOlder: true, unreadFrom });
      const after = rowsOf(all, { ...drawing, unreadFrom });
      expect(after.slice(-before.length)).toEqual(before);
    }
  }
});
