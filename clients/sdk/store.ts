import type { Mine, Summary } from '@parley/protocol/conversations.ts';
import type { Message } from '@parley/protocol/messages.ts';
import type { Me } from '@parley/protocol/people.ts';
import type { Change, MineEvent, Started } from '@parley/protocol/sync.ts';
import type { Topics } from './topics.ts';

/** What a list shows of a last message; the server cuts its excerpt at the same length. */
const excerpt = 160;

/**
 * What this device knows of its person's conversations. It takes whole summaries (the server's word) and single changes (arithmetic in between);
 * where a change cannot be reckoned with exactly, `unsure` hears which conversation should be asked about again.
 */
export type ConversationStore = ReturnType<typeof createStore>;

export function createStore(topics: Topics, unsure: (conversationId: string, why: 'marks' | 'members') => void) {
  const conversations = new Map<string, Summary>();
  /** Threads that may be followed: one's own roots, those one answered, those the server listed. */
  const ownThreads = new Set<string>();
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

  /** One's own words and answers make threads that one follows; any reading of history may show them. */
  function noteOwn(message: Message): void {
    if (message.senderId === me?.id) ownThreads.add(message.threadId ?? message.id);
  }

  function taken(summary: Summary): Summary {
    for (const { threadId } of summary.mine?.threads ?? []) ownThreads.add(threadId);
    const before = conversations.get(summary.conversation.id);
    return before ? newer(before, summary) : summary;
  }

  return {
    conversations: conversations as ReadonlyMap<string, Summary>,
    noteOwn,
    get me() {
      return me;
    },
    unread(id: string): number {
      const summary = conversations.get(id);
      return summary?.mine ? Math.max(0, summary.lastLine - summary.mine.readLine) : 0;
    },
    mentions: (id: string): number => conversations.get(id)?.mine?.mentions ?? 0,
    /** The answer to the connection's first call. `complete`: it lists everything, and whatever else is held is gone. */
    start(started: Started, complete: boolean): void {
      me = started.me;
      if (complete) {
        const still = new Set(started.changed.map(({ conversation }) => conversation.id));
        for (const id of conversations.keys()) if (!still.has(id)) conversations.delete(id);
      }
      for (const id of started.left) conversations.delete(id);
      // Thousands at once on the first start: told as one.
      const quiet = started.changed.length > 20 || complete || started.left.length > 0;
      for (const summary of started.changed) {
        if (quiet) conversations.set(summary.conversation.id, taken(summary));
        else put(taken(summary));
      }
      topics.tell({ topic: 'me' });
      if (quiet) topics.tell({ topic: 'conversations' });
    },
    /** One summary the server answered with: of one's own, or of a public channel looked at. */
    take(summary: Summary): void {
      const isNew = !conversations.has(summary.conversation.id);
      put(taken(summary));
      if (isNew) topics.tell({ topic: 'conversations' });
    },
    forget(id: string): void {
      if (conversations.delete(id)) topics.tell({ topic: 'conversations' });
    },
    /** One event of the person's own stream, in order. */
    mine(event: MineEvent): void {
      if (event.kind === 'left') return this.forget(event.conversationId);
      if (event.kind === 'joined') return this.take(event.summary);
      for (const { threadId } of event.mine.threads) ownThreads.add(threadId);
      change(event.conversationId, (summary) => ({ ...summary, mine: newerMine(summary.mine, event.mine) }));
    },
    /** Changes of one conversation, in order, each once; `head` is what its stream has reached with them. */
    apply(id: string, changes: readonly Change[], head: number): void {
      change(id, (before) => {
        let summary = before;
        // What the summary was told with is in it already: counting it again would count it twice.
        for (const one of changes) if (one.rev > before.head) summary = applied(summary, one);
        return summary === before && head <= before.head ? before : { ...summary, head: Math.max(before.head, head) };
      });
    },
    /** Shows a read mark at once. Never moves back. Answers whether it moved. */
    markRead(id: string, line: number): boolean {
      let moved = false;
      change(id, (summary) => {
        if (!summary.mine || line <= summary.mine.readLine) return summary;
        moved = true;
        return {
          ...summary,
          mine: { ...summary.mine, readLine: line, mentions: line >= summary.lastLine ? 0 : summary.mine.mentions },
        };
      });
      return moved;
    },
    /** The server's answer to a read mark, as long as no later mark has been made here. */
    marked(id: string, readLine: number, mentions: number): void {
      change(id, (summary) =>
        summary.mine && summary.mine.readLine <= readLine
          ? { ...summary, mine: { ...summary.mine, readLine, mentions } }
          : summary,
      );
    },
    markThreadRead(id: string, threadId: string, read: number): boolean {
      let moved = false;
      change(id, (summary) => {
        const thread = summary.mine?.threads.find((one) => one.threadId === threadId);
        if (!summary.mine || !thread || thread.read >= read) return summary;
        moved = true;
        const threads = summary.mine.threads
          .map((one) => (one === thread ? { ...one, read } : one))
          .filter((one) => one.answers > one.read);
        return { ...summary, mine: { ...summary.mine, threads } };
      });
      return moved;
    },
    clear(): void {
      conversations.clear();
      ownThreads.clear();
      me = null;
      topics.tell({ topic: 'me' });
      topics.tell({ topic: 'conversations' });
    },
  };

  function applied(summary: Summary, one: Change): Summary {
    const id = summary.conversation.id;
    if (one.kind === 'conversation') return { ...summary, conversation: one.conversation };
    if (one.kind === 'answers') {
      if (ownThreads.has(one.threadId)) unsure(id, 'marks');
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
    return withMessage(summary, one.message);
  }

  function withMessage(summary: Summary, message: Message): Summary {
    const id = summary.conversation.id;
    noteOwn(message);
    if (message.answers > 0 && ownThreads.has(message.id)) unsure(id, 'marks');
    const isNew = message.seq > summary.lastSeq;
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
    const after = {
      ...summary,
      last,
      lastSeq: Math.max(summary.lastSeq, message.seq),
      lastLine: Math.max(summary.lastLine, message.line ?? 0),
    };
    return summary.mine ? { ...after, mine: withMarks(summary.mine, message, isNew, id) } : after;
  }

  /** What a message does to one's own marks: writing reads up to there; being named counts once. */
  function withMarks(mine: Mine, message: Message, isNew: boolean, id: string): Mine {
    const { line } = message;
    if (message.senderId === me?.id) {
      if (line === null || line <= mine.readLine) return mine;
      if (!isNew && mine.mentions > 0) unsure(id, 'marks');
      return { ...mine, readLine: line, mentions: isNew ? 0 : mine.mentions };
    }
    if (line === null || line <= mine.readLine) return mine;
    const named = me !== null && message.mentions.includes(me.id);
    // Counted at once, and asked about soon: a read mark of another device may be on its way past this very message.
    if (named && isNew) {
      unsure(id, 'marks');
      return { ...mine, mentions: mine.mentions + 1 };
    }
    // An edit or a recall may add or take away a mention that is not known here.
    if (!isNew && (named || mine.mentions > 0)) unsure(id, 'marks');
    return mine;
  }
}

/** The newer of two summaries, counter by counter: an answer may be older than the events that overtook it. */
function newer(before: Summary, told: Summary): Summary {
  const late = told.head < before.head;
  return {
    conversation: told.conversation.rev >= before.conversation.rev ? told.conversation : before.conversation,
    lastSeq: Math.max(before.lastSeq, told.lastSeq),
    lastLine: Math.max(before.lastLine, told.lastLine),
    head: Math.max(before.head, told.head),
    memberCount: late ? before.memberCount : told.memberCount,
    peerId: told.peerId,
    last: late ? before.last : told.last,
    mine: told.mine ? newerMine(before.mine, told.mine, late) : null,
  };
}

/** Read marks only move forward, also those shown before the server knew; the rest follows the person's own stream. */
function newerMine(before: Mine | null, told: Mine, late = false): Mine {
  if (!before) return told;
  if (told.urev < before.urev) return before;
  // Sending moves the server's mark without a word in the stream, and a mark made here is ahead of the server's for a moment.
  if (told.readLine < before.readLine)
    return { ...told, readLine: before.readLine, mentions: Math.min(before.mentions, told.mentions) };
  return late && told.urev === before.urev ? { ...before, threads: told.threads } : told;
}
