import type { Entry } from '@parley/sdk/client.ts';
import type { Threading } from '@parley/protocol/conversations.ts';
import { dayOf } from '../words/times.ts';

/** One line of the talk. Keys never change while a row means the same: the list finds its place again by them. */
export type Row =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'new'; key: string }
  | { kind: 'topic'; key: string; rootId: string; title: string | null }
  /** `joined`: under the header of the message before it. */
  | { kind: 'message'; key: string; entry: Entry; joined: boolean };

export type MessageRow = Extract<Row, { kind: 'message' }>;

/** What rows need to know of an entry, pending or not. */
export type Facts = {
  senderId: string;
  at: number;
  line: number | null;
  rootId: string | null;
  title: string | null;
  recalled: boolean;
};

const together = 5 * 60_000;

export function factsOf(entry: Entry, myId: string): Facts {
  if (entry.kind === 'pending') {
    const { pending } = entry;
    return {
      senderId: myId,
      at: pending.at,
      line: null,
      rootId: pending.threadId,
      title: pending.title,
      recalled: false,
    };
  }
  const { message } = entry;
  return {
    senderId: message.senderId,
    at: message.at,
    line: message.line,
    recalled: message.recalledAt !== null,
    title: message.title,
    rootId: message.threadId ?? (message.title === null ? null : message.id),
  };
}

export type Drawing = {
  myId: string;
  /** Older messages exist that are not in `entries`. */
  hasOlder: boolean;
  /** The main-line number where the "new" line belongs. */
  unreadFrom: number | null;
  /** Topic headings are drawn: the main line of a conversation with topics. */
  threading: Threading;
  narrowed: boolean;
};

/**
 * The rows of a window of messages. A row depends only on its own message and the one before it, and the first message is
 * held back while older ones exist: so rows already drawn never change when older or newer pages arrive, and nothing jumps.
 */
export function rowsOf(entries: readonly Entry[], drawing: Drawing): Row[] {
  const rows: Row[] = [];
  let before: Facts | null = null;
  let newDrawn = drawing.unreadFrom === null;
  const headings = drawing.threading === 'topics' && !drawing.narrowed;
  const first = drawing.hasOlder && entries.length > 1 ? entries[0] : undefined;

  for (const entry of entries) {
    const facts = factsOf(entry, drawing.myId);
    if (entry === first) {
      before = facts;
      continue;
    }
    let joined =
      before !== null &&
      before.senderId === facts.senderId &&
      facts.at - before.at < together &&
      facts.at >= before.at &&
      !before.recalled &&
      !facts.recalled;
    if (before === null || dayOf(before.at) !== dayOf(facts.at)) {
      rows.push({ kind: 'day', key: `day:${entry.key}`, at: facts.at });
      joined = false;
    }
    if (!newDrawn && facts.line !== null && facts.line >= drawing.unreadFrom!) {
      rows.push({ kind: 'new', key: 'new' });
      newDrawn = true;
      joined = false;
    }
    if (headings && (before === null || before.rootId !== facts.rootId)) {
      rows.push({ kind: 'topic', key: `topic:${entry.key}`, rootId: facts.rootId ?? '', title: facts.title });
      joined = false;
    }
    rows.push({ kind: 'message', key: entry.key, entry, joined });
    before = facts;
  }
  return rows;
}

// Characters a line of the talk holds, roughly; a guess costs nothing but a small correction of the scroll bar.
const perLine = 84;

/** A first guess of a row's height in pixels, before it has been drawn and measured. */
export function guessHeight(row: Row | undefined): number {
  if (!row || row.kind === 'new') return 32;
  if (row.kind === 'day') return 52;
  if (row.kind === 'topic') return 48;
  const body = row.entry.kind === 'message' ? row.entry.message.body : row.entry.pending.body;
  let lines = 0;
  for (const part of body.split('\n', 60)) lines += Math.max(1, Math.ceil(part.length / perLine));
  const answers = row.entry.kind === 'message' && row.entry.message.answers > 0 ? 32 : 0;
  return lines * 22 + 4 + (row.joined ? 0 : 32) + answers;
}
