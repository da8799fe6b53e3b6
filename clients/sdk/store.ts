import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import type { Message } from '@parley/protocol/messages.ts';
import type { Me } from '@parley/protocol/people.ts';
import type { Change, MineEvent, Started } from '@parley/protocol/sync.ts';
import type { Topics } from './topics.ts';

/** What a list shows of a last message; the server cuts its excerpt at the same length. */
const excerpt = 160;

/**
 * What one change did to the reader's own counts: the main line grew from `first` to `line`, or a message on it was
 * recalled. `sure`: known exactly from this change alone.
 */
type Step = {
  rev: number;
  first: number;
  line: number;
  /** Messages among them that count: 1 for a new one, 0 for one that is recalled already, -1 for a recall. */
  counts: 1 | 0 | -1;
  own: boolean;
  named: boolean;
  sure: boolean;
};
/** So many steps of a conversation are kept, for counts of the server that were taken before them. */
const keptSteps = 32;

export type Unsure = 'marks' | 'threads' | 'members';

/**
 * What this device knows of its person's conversations. The counts are the server's (`Mine.head` says up to which
 * change), and each change after them is counted on top. A count that was taken before changes known here is brought up
 * to date by their steps. Where a change cannot be counted exactly, `unsure` hears which conversation should be asked
 * about again.
 */
export type ConversationStore = ReturnType<typeof createStore>;

export function createStore(topics: Topics, unsure: (conversationId: string, why: Unsure) => void) {
  const conversations = new Map<string, Summary>();
  /** Threads that may be followed: begun, answered, or named in here, and those the server listed. */
  const ownThreads = new Set<string>();
  /** Conversations whose followed threads are all in `ownThreads`. */
  const listed = new Set<string>();
  /** The last steps of each conversation; everything above `after` is in `steps`. */
  const history = new Map<string, { after: number; steps: Step[] }>();
  /** Read marks made here that the server has not answered yet. */
  const ahead = new Map<string, number>();
  let me: Me | null = null;

  const put = (summary: Summary) => {
    conversations.set(summary.conversation.id, summary);
    topics.tell({ topic: 'conversation', id: summary.conversation.id });
  };

  function change(id: string, how: (summary: Summary) => Summary): void {
    const before = conversations.get(id);
    if (!before) return;
    const after = how(before);
    if (after !== before) put(after);
  }

  /**
   * Own messages and answers, and answers that name the reader, make threads that are followed; any reading of history
   * may show them.
   */
  function noteOwn(message: Message): void {
    if (me && (message.senderId === me.id || (message.threadId !== null && message.mentions.includes(me.id))))
      ownThreads.add(message.threadId ?? message.id);
  }

  function taken(summary: Summary): Summary {
    for (const { threadId } of summary.mine?.threads ?? []) ownThreads.add(threadId);
    const before = conversations.get(summary.conversation.id);
    return before ? newer(before, summary) : summary;
  }

  function forgetOne(id: string): boolean {
    for (const known of [listed, history, ahead]) known.delete(id);
    return conversations.delete(id);
  }

  /** The newer of two summaries, counter by counter: an answer may be older than the events that overtook it. */
  function newer(before: Summary, told: Summary): Summary {
    const late = told.head < before.head;
    const lastLine = Math.max(before.lastLine, told.lastLine);
    return {
      conversation: told.conversation.rev >= before.conversation.rev ? told.conversation : before.conversation,
      lastSeq: Math.max(before.lastSeq, told.lastSeq),
      lastLine,
      head: Math.max(before.head, told.head),
      memberCount: late ? before.memberCount : told.memberCount,
      peerId: told.peerId,
      last: late ? before.last : told.last,
      mine: told.mine ? newerMine(told.conversation.id, before.mine, told.mine, lastLine) : null,
    };
  }

  /**
   * The person's own stream says which is newer. What happened here after the server counted is counted on top; a mark
   * made here stays where it is until the server has answered it.
   */
  function newerMine(id: string, before: Mine | null, told: Mine, lastLine: number): Mine {
    if (before && told.urev < before.urev) return before;
    let mine = told;
    // Steps that the server has counted already were not kept here.
    if (before && told.head > before.head) history.delete(id);
    if (before && told.head < before.head) {
      const known = history.get(id);
      const missed = known?.steps.filter(({ rev }) => rev > told.head) ?? [];
      if (!known || known.after > told.head || missed.some(({ sure }) => !sure)) unsure(id, 'marks');
      mine = { ...missed.reduce(counted, told), head: before.head };
    }
    const mark = ahead.get(id);
    return mark === undefined ? mine : readUpTo(mine, mark, lastLine);
  }

  function mineTold(id: string, told: Mine): void {
    for (const { threadId } of told.threads) ownThreads.add(threadId);
    change(id, (summary) => ({ ...summary, mine: newerMine(id, summary.mine, told, summary.lastLine) }));
  }

  function keep(id: string, step: Step, head: number): void {
    const known = history.get(id) ?? { after: head, steps: [] };
    known.steps.push(step);
    if (known.steps.length > keptSteps) known.after = known.steps.shift()!.rev;
    history.set(id, known);
  }

  return {
    conversations: conversations as ReadonlyMap<string, Summary>,
    noteOwn,
    get me() {
      return me;
    },
    unread: (id: string): number => conversations.get(id)?.mine?.unread ?? 0,
    mentions: (id: string): number => conversations.get(id)?.mine?.mentions ?? 0,
    /** The answer to the connection's first call. `complete`: it lists everything, and whatever else is held is gone. */
    start(started: Started, complete: boolean): void {
      me = started.me;
      if (complete) {
        const still = new Set(started.changed.map(({ conversation }) => conversation.id));
        for (const id of conversations.keys()) if (!still.has(id)) forgetOne(id);
      }
      for (const id of started.left) forgetOne(id);
      // Another device may have answered in threads that this one has not heard of.
      for (const { conversation } of started.changed) listed.delete(conversation.id);
      // Thousands at once on the first start: told as one.
      const quiet = started.changed.length > 20 || complete || started.left.length > 0;
      for (const summary of started.changed) {
        if (quiet) conversations.set(summary.conversation.id, taken(summary));
        else put(taken(summary));
      }
      topics.tell({ topic: 'me' });
      if (quiet) topics.tell({ topic: 'conversations' });
    },
    /** One summary the server answered with: of an own conversation, or of a public channel looked at. */
    take(summary: Summary): void {
      const isNew = !conversations.has(summary.conversation.id);
      put(taken(summary));
      if (isNew) topics.tell({ topic: 'conversations' });
    },
    forget(id: string): void {
      if (forgetOne(id)) topics.tell({ topic: 'conversations' });
    },
    /** One event of the person's own stream, in order. */
    mine(event: MineEvent): void {
      if (event.kind === 'left') return this.forget(event.conversationId);
      if (event.kind === 'joined') return this.take(event.summary);
      mineTold(event.conversationId, event.mine);
    },
    /** The server's answer to a call about the person's own marks. */
    mineTold,
    /** Every thread the person follows in a conversation, read or not. */
    follows(id: string, threadIds: readonly string[]): void {
      for (const threadId of threadIds) ownThreads.add(threadId);
      listed.add(id);
    },
    knowsFollows: (id: string): boolean => listed.has(id),
    /** More has happened than was told here, other devices' answers among it. */
    doubtFollows: (id: string): void => void listed.delete(id),
    /**
     * Changes of one conversation, in order, each once; `head` is what its stream has reached with them. Returns the
     * messages that are new to this device.
     */
    apply(id: string, changes: readonly Change[], head: number): Message[] {
      const fresh: Message[] = [];
      change(id, (before) => {
        let summary = before;
        // What the summary was told with is in it already: counting it again would count it twice.
        for (const one of changes) {
          if (one.rev <= before.head) continue;
          if (one.kind === 'message' && one.message.seq > summary.lastSeq) fresh.push(one.message);
          summary = applied(summary, one);
        }
        if (summary === before && head <= before.head) return before;
        const mine = summary.mine && { ...summary.mine, head: Math.max(summary.mine.head, head) };
        return { ...summary, mine, head: Math.max(before.head, head) };
      });
      return fresh;
    },
    /** Shows a read mark at once. Never moves back. Answers whether it moved. */
    markRead(id: string, line: number): boolean {
      let moved = false;
      change(id, (summary) => {
        const mine = summary.mine && readUpTo(summary.mine, line, summary.lastLine);
        if (mine === summary.mine) return summary;
        moved = true;
        ahead.set(id, line);
        return { ...summary, mine };
      });
      return moved;
    },
    /**
     * The server's answer to a read mark; null: it was refused. A later mark made here stays shown until its own
     * answer.
     */
    marked(id: string, line: number, told: Mine | null): void {
      if (ahead.get(id) === line) ahead.delete(id);
      if (told) mineTold(id, told);
      else unsure(id, 'marks');
    },
    markThreadRead(id: string, threadId: string, read: number): boolean {
      let moved = false;
      change(id, (summary) => {
        const thread = summary.mine?.threads.find((one) => one.threadId === threadId);
        if (!summary.mine || !thread || thread.read >= read) return summary;
        moved = true;
        const left = thread.answers - read;
        const now = {
          ...thread,
          read,
          unread: Math.min(thread.unread, left),
          mentions: left > 0 ? thread.mentions : 0,
        };
        const threads = summary.mine.threads.map((one) => (one === thread ? now : one)).filter((one) => one.unread > 0);
        const mentions = summary.mine.mentions - (thread.mentions - now.mentions);
        return { ...summary, mine: { ...summary.mine, threads, mentions } };
      });
      return moved;
    },
    /** The person is still signed in, and may not read conversations. */
    close(now: Me): void {
      empty(now);
    },
    clear(): void {
      empty(null);
    },
  };

  function empty(now: Me | null): void {
    for (const known of [conversations, ownThreads, listed, history, ahead]) known.clear();
    me = now;
    topics.tell({ topic: 'me' });
    topics.tell({ topic: 'conversations' });
  }

  function applied(summary: Summary, one: Change): Summary {
    const id = summary.conversation.id;
    if (one.kind === 'conversation') return { ...summary, conversation: one.conversation };
    if (one.kind === 'answers') {
      answered(summary, one.threadId);
      return summary;
    }
    if (one.kind === 'member') {
      unsure(id, 'members');
      const mine =
        one.member.userId === me?.id && summary.mine && one.member.leftAt === null
          ? { ...summary.mine, role: one.member.role }
          : summary.mine;
      return { ...summary, mine };
    }
    return withMessage(summary, one.message, one.recall ?? false);
  }

  /** Whether a thread is followed, the device knows only where it has listed them all. */
  function answered({ conversation, mine }: Summary, threadId: string): void {
    if (!mine || conversation.threading !== 'replies') return;
    if (ownThreads.has(threadId)) unsure(conversation.id, 'marks');
    else if (!listed.has(conversation.id)) unsure(conversation.id, 'threads');
  }

  function withMessage(summary: Summary, message: Message, recall: boolean): Summary {
    noteOwn(message);
    if (message.answers > 0) answered(summary, message.id);
    const last =
      !summary.last || message.seq >= summary.last.seq
        ? {
            senderId: message.senderId,
            body: message.body.slice(0, excerpt),
            at: message.at,
            seq: message.seq,
            recalled: message.recalledAt !== null,
          }
        : summary.last;
    return {
      ...summary,
      last,
      lastSeq: Math.max(summary.lastSeq, message.seq),
      lastLine: Math.max(summary.lastLine, message.line ?? 0),
      mine: summary.mine && withMarks(summary, summary.mine, message, recall),
    };
  }

  /** What a message does to the reader's own counts: being sent, recalled, or named in it. */
  function withMarks(summary: Summary, mine: Mine, message: Message, recall: boolean): Mine {
    const { id } = summary.conversation;
    const isNew = message.seq > summary.lastSeq;
    const own = message.senderId === me?.id;
    const named = !own && me !== null && message.mentions.includes(me.id);
    const recalled = message.recalledAt !== null;
    // The server's counts were taken after this change.
    if (message.rev <= mine.head) return mine;
    // A mention is counted at once where it is new. An edit or a recall may bring one or take one away.
    const mayCount = message.line === null || message.line >= unreadFrom(mine);
    if (mayCount && !own && (named || (!isNew && mine.mentions > 0))) unsure(id, 'marks');
    if (message.line === null && recalled && !isNew && ownThreads.has(message.threadId!)) unsure(id, 'marks');
    if (message.line === null)
      return isNew && named
        ? { ...mine, mentions: mine.mentions + 1, head: message.rev }
        : { ...mine, head: message.rev };
    const grows = message.line > summary.lastLine;
    const step: Step = {
      rev: message.rev,
      // Catching up tells each message at its last change: one that was edited since may come after those that followed
      // it.
      first: grows ? summary.lastLine + 1 : message.line,
      line: message.line,
      counts: grows ? (recalled ? 0 : 1) : recall ? -1 : 0,
      own: own && (grows || message.line > mine.readLine),
      named: named && isNew,
      sure: grows
        ? message.line === summary.lastLine + 1
        : recall || !(recalled || (own && message.line > mine.readLine)),
    };
    if (!step.sure && step.line >= unreadFrom(mine)) unsure(id, 'marks');
    if (grows || recalled || step.own) keep(id, step, mine.head);
    return { ...counted(mine, step), head: message.rev };
  }
}

/** The first line that counts as unread. */
const unreadFrom = (mine: Mine): number => mine.unreadFrom ?? mine.readLine + 1;

const mentionsInThreads = (mine: Mine): number => mine.threads.reduce((sum, { mentions }) => sum + mentions, 0);

/** The counts after one more step. */
function counted(mine: Mine, step: Step): Mine {
  // Sending reads up to the message.
  if (step.own)
    return {
      ...mine,
      readLine: Math.max(mine.readLine, step.line),
      unreadFrom: null,
      unread: 0,
      mentions: mentionsInThreads(mine),
    };
  const from = unreadFrom(mine);
  if (step.line < from) return mine;
  const before = step.line - Math.max(step.first, from);
  return {
    ...mine,
    unread: Math.max(0, mine.unread + before + step.counts),
    mentions: mine.mentions + (step.named ? 1 : 0),
  };
}

/**
 * The counts after a mark as the device shows them until the server answers. Recalled messages above the mark are not
 * known here, so the number may be too high for that moment.
 */
function readUpTo(mine: Mine, line: number, lastLine: number): Mine {
  if (line <= mine.readLine && (mine.unreadFrom === null || line < mine.unreadFrom)) return mine;
  const after = {
    ...mine,
    readLine: Math.max(mine.readLine, line),
    unreadFrom: mine.unreadFrom !== null && line < mine.readLine ? line + 1 : null,
  };
  const atEnd = line >= lastLine;
  return {
    ...after,
    unread: atEnd ? 0 : Math.min(mine.unread, lastLine - unreadFrom(after) + 1),
    mentions: atEnd ? mentionsInThreads(mine) : mine.mentions,
  };
}
