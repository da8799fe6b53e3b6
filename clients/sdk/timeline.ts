import type { Message, Page } from '@parley/protocol/messages.ts';
import type { Change } from '@parley/protocol/sync.ts';

/**
 * The rows of one window on a conversation, without any line to the server. Whatever order pages and changes come in, and however often:
 * of each message the highest `rev` stays, and the rows are an unbroken run of the main line (or of one thread).
 */
export type Window = {
  threadId: string | null;
  /** In order of `seq`. Replaced, never altered, so that whoever draws it sees that it changed. */
  rows: readonly Message[];
  older: boolean;
  newer: boolean;
};

export const emptyWindow = (threadId: string | null): Window => ({ threadId, rows: [], older: false, newer: false });

/** Whether the window shows such a message at all: its main line, or its root and the answers below it. */
export const belongs = (window: Window, message: Message): boolean =>
  window.threadId === null
    ? message.line !== null
    : message.id === window.threadId || message.threadId === window.threadId;

/** A page becomes the window, or is added at its `older` or `newer` end. */
export function takePage(window: Window, page: Page, end: 'all' | 'older' | 'newer'): void {
  const added = page.messages.filter((message) => belongs(window, message));
  window.rows = end === 'all' ? merged([], added) : merged(window.rows, added);
  if (end !== 'newer') window.older = page.older;
  if (end !== 'older') window.newer = page.newer;
}

/** Takes one change, live or caught up. Answers whether a row differs now. */
export function takeChange(window: Window, change: Change): boolean {
  if (change.kind === 'message') return takeMessage(window, change.message);
  return change.kind === 'answers' && takeAnswers(window, change);
}

/** A root got answers: live, only their number comes. Changes are taken in order, so the rest of the root is as it was. */
function takeAnswers(window: Window, { threadId, rev, answers, lastAnswerAt }: Change & { kind: 'answers' }): boolean {
  const place = window.rows.findLastIndex((message) => message.id === threadId);
  const root = window.rows[place];
  if (!root || root.rev >= rev) return false;
  window.rows = window.rows.with(place, { ...root, rev, answers, lastAnswerAt });
  return true;
}

/** Takes one message as it is now. One that lies beyond an end that is not the conversation's own end is left to that end's page. */
export function takeMessage(window: Window, message: Message): boolean {
  if (!belongs(window, message)) return false;
  const rows = window.rows;
  const place = placeOf(rows, message.seq);
  const there = rows[place];
  if (there?.seq === message.seq) {
    if (there.rev >= message.rev) return false;
    window.rows = rows.with(place, message);
    return true;
  }
  if (place === rows.length && window.newer) return false;
  if (place === 0 && rows.length > 0 && window.older) return false;
  window.rows = rows.toSpliced(place, 0, message);
  return true;
}

/** The index of the first row at or after `seq`. */
function placeOf(rows: readonly Message[], seq: number): number {
  // Nearly every change concerns the newest rows.
  if (rows.length === 0 || rows[rows.length - 1]!.seq < seq) return rows.length;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(rows: readonly Message[], added: readonly Message[]): Message[] {
  const newest = new Map(rows.map((message) => [message.seq, message]));
  for (const message of added) {
    const there = newest.get(message.seq);
    if (!there || there.rev < message.rev) newest.set(message.seq, message);
  }
  return [...newest.values()].sort((a, b) => a.seq - b.seq);
}
