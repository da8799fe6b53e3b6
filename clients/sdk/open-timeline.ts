import type { CallInput } from '@parley/protocol/catalogue.ts';
import type { Message, Page } from '@parley/protocol/messages.ts';
import { backoffFor, pause } from './backoff.ts';
import type { Entry, Pending, Place, Timeline } from './parley.ts';
import type { Calls } from './connection.ts';
import { asParleyError, type ParleyError } from './failure.ts';
import type { Following, Watcher } from './following.ts';
import type { ConversationStore } from './store.ts';
import { emptyWindow, takeChange, takeMessage, takePage, type Window } from './timeline.ts';

/** What timelines stand on. */
export type Ground = {
  calls: Calls;
  following: Following;
  store: ConversationStore;
  /** Own sends of a conversation, oldest first. */
  pending(conversationId: string): readonly Pending[];
  /** Called when the timeline ends, by itself or by `close`. */
  closed(timeline: OpenTimeline): void;
};

/** A timeline with the things only this package does to it. */
export type OpenTimeline = Timeline & {
  /** One's own message was acknowledged: it is known before its event arrives. */
  acknowledged(message: Message): void;
  /** Messages were marked unread from this line on: the "new" line moves there. */
  unreadAt(line: number): void;
  /** Own sends moved. */
  redraw(): void;
};

/** How many guesses finding the first unread message may take before the nearest page has to do. */
const guesses = 8;

/** See `Timeline`: a window (pure), the conversation's stream, and the pages fetched for it. */
export function openTimeline(
  { calls, following, store, pending, closed }: Ground,
  conversationId: string,
  threadId: string | null,
): OpenTimeline {
  let window: Window = emptyWindow(threadId);
  let state: Timeline['state'] = 'opening';
  let error: ParleyError | null = null;
  let unreadFrom: number | null = null;
  let place: Place = 'newest';
  let entries: readonly Entry[] | null = null;
  let isOpen = true;
  let watching: Promise<void> | null = null;
  // Each opening has a number: pages fetched for an earlier one are not taken in.
  let opening = 0;
  let fetching: Partial<Record<'older' | 'newer', Promise<void>>> = {};
  const listeners = new Set<() => void>();
  // A row keeps its object as long as its message does: whoever draws rows draws only what is new.
  const drawn = new WeakMap<Message | Pending, Entry>();

  const watcher: Watcher = {
    take(changes) {
      let moved = false;
      for (const change of changes) moved = takeChange(window, change) || moved;
      if (moved) redraw();
    },
    reset() {
      const inThePast = state === 'ready' && window.newer ? window.rows[window.rows.length >> 1] : undefined;
      load(inThePast ? { seq: inThePast.seq } : state === 'ready' ? 'newest' : place).catch(() => undefined);
    },
    refused(why) {
      watching = null;
      fail(why);
    },
  };

  function redraw(): void {
    entries = null;
    for (const listener of [...listeners]) listener();
  }

  function fail(why: ParleyError): void {
    state = 'failed';
    error = why;
    redraw();
  }

  function drawAll(): Entry[] {
    const me = store.me?.id;
    const rows = window.rows.map((message) =>
      entryOf(message, () => ({
        kind: 'message',
        key: message.senderId === me ? message.clientId : message.id,
        message,
      })),
    );
    if (window.newer) return rows;
    const stored = new Set(window.rows.filter(({ senderId }) => senderId === me).map(({ clientId }) => clientId));
    const waiting = pending(conversationId).filter(
      (one) => (threadId === null ? showsOnMainLine(one) : one.threadId === threadId) && !stored.has(one.clientId),
    );
    return [
      ...rows,
      ...waiting.map((one) => entryOf(one, () => ({ kind: 'pending', key: one.clientId, pending: one }))),
    ];
  }

  const showsOnMainLine = (one: Pending) =>
    one.threadId === null || store.conversations.get(conversationId)?.conversation.threading === 'topics';

  function entryOf(row: Message | Pending, make: () => Entry): Entry {
    let entry = drawn.get(row);
    if (!entry) drawn.set(row, (entry = make()));
    return entry;
  }

  async function fetchPage(where: Omit<CallInput<'history:page'>, 'conversationId' | 'threadId'>): Promise<Page> {
    const page = await calls.call('history:page', {
      conversationId,
      ...(threadId === null ? {} : { threadId }),
      ...where,
    });
    if ('unchanged' in page) throw new Error('a page nobody holds cannot be unchanged');
    return page;
  }

  /** The page that begins an opening. */
  async function firstPage(where: Place): Promise<Page> {
    if (where === 'unread') return unreadPage();
    if (where === 'newest') return fetchPage({});
    return 'seq' in where ? fetchPage({ around: where.seq }) : fetchPage({ at: where.at });
  }

  /**
   * The page with the first unread message. Unread is counted in lines and pages are found by seq; with threads the two drift apart,
   * so the place is guessed between two pairs already seen, each page narrowing it.
   */
  async function unreadPage(): Promise<Page> {
    let page = await fetchPage({});
    if (unreadFrom === null || threadId !== null) return page;
    let low = { seq: 0, line: 0 };
    let high: typeof low | null = null;
    for (let guess = 0; guess < guesses && !holds(page, unreadFrom); guess++) {
      const [first, last] = [page.messages[0], page.messages.at(-1)];
      if (!first || !last) break;
      if (last.line! < unreadFrom) low = { seq: last.seq, line: last.line! };
      else high = { seq: first.seq, line: first.line! };
      if (!high) break;
      const share = (unreadFrom - low.line) / Math.max(1, high.line - low.line);
      page = await fetchPage({ around: Math.round(low.seq + share * (high.seq - low.seq)) });
    }
    return page;
  }

  function took(page: Page, end: 'all' | 'older' | 'newer'): void {
    takePage(window, page, end);
    for (const message of page.messages) store.noteOwn(message);
    following.tookPage(conversationId, page.head);
  }

  /** Begins hearing the conversation, once; anew after it was refused. */
  function watch(): Promise<void> {
    watching ??= following.watch(conversationId, watcher).then(
      () => void (isOpen || following.unwatch(conversationId, watcher)),
      (why: unknown) => {
        watching = null;
        throw why;
      },
    );
    return watching;
  }

  function fetchMore(end: 'older' | 'newer'): Promise<void> {
    const { rows } = window;
    if (state !== 'ready' || !window[end] || rows.length === 0) return Promise.resolve();
    const mine = opening;
    const edge = end === 'older' ? { before: rows[0]!.seq } : { after: rows.at(-1)!.seq };
    return (fetching[end] ??= fetchPage(edge)
      .then((page) => {
        if (mine !== opening || !isOpen) return;
        took(page, end);
        redraw();
      })
      .finally(() => {
        if (mine === opening) delete fetching[end];
      }));
  }

  async function load(where: Place): Promise<void> {
    const mine = ++opening;
    place = where;
    fetching = {};
    state = 'opening';
    error = null;
    redraw();
    for (let failures = 0; isOpen && mine === opening;) {
      try {
        await watch();
        const page = await firstPage(where);
        if (mine !== opening || !isOpen) return;
        window = emptyWindow(threadId);
        state = 'ready';
        took(page, 'all');
        return redraw();
      } catch (thrown) {
        if (mine !== opening || !isOpen) return;
        const failure = asParleyError(thrown);
        if (failure.fault === 'yours') {
          fail(failure);
          throw failure;
        }
        await pause(backoffFor(failures++, failure.retryAfter));
      }
    }
  }

  const timeline: OpenTimeline = {
    conversationId,
    threadId,
    get entries() {
      return (entries ??= drawAll());
    },
    get hasOlder() {
      return window.older;
    },
    get hasNewer() {
      return window.newer;
    },
    get state() {
      return state;
    },
    get error() {
      return error;
    },
    get unreadFrom() {
      return unreadFrom;
    },
    open(where = 'newest') {
      const summary = store.conversations.get(conversationId);
      unreadFrom =
        threadId === null && summary?.mine && summary.mine.unread > 0
          ? (summary.mine.unreadFrom ?? summary.mine.readLine + 1)
          : null;
      return load(where);
    },
    older: () => fetchMore('older'),
    newer: () => fetchMore('newer'),
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      opening++;
      listeners.clear();
      following.unwatch(conversationId, watcher);
      closed(timeline);
    },
    unreadAt(line) {
      if (threadId !== null) return;
      unreadFrom = line;
      redraw();
    },
    acknowledged(message) {
      if (state === 'ready' && takeMessage(window, message)) redraw();
    },
    redraw,
  };
  return timeline;
}

const holds = (page: Page, line: number): boolean =>
  page.messages.length > 0 && (page.messages[0]!.line! <= line || !page.older) && page.messages.at(-1)!.line! >= line;
