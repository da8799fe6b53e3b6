import { untouched, type Message, type Page } from '@parley/protocol/messages.ts';
import type { CaughtUp, Change, ChangeEvent } from '@parley/protocol/sync.ts';

/**
 * A conversation as the server keeps it, reduced to its numbers: every change advances `head`, messages take `seq` and (on the main line)
 * `line`, and a root that is answered changes too. The model the copies on devices are compared with.
 */
export class Room {
  readonly conversationId = 'c';
  readonly messages: Message[] = [];
  /** Every live event ever sent, in order. */
  readonly events: ChangeEvent[] = [];
  head = 0;
  lastLine = 0;
  /** Cursors further behind than this are answered with `reset`. */
  farBehind = Infinity;

  send(
    senderId: string,
    body: string,
    threadId: string | null = null,
    clientId = `client-${this.messages.length}`,
    mentions: string[] = [],
  ): Message {
    const root = threadId === null ? undefined : this.messages.find(({ id }) => id === threadId);
    const seq = this.messages.length + 1;
    const message: Message = {
      id: `m${seq}`,
      conversationId: this.conversationId,
      seq,
      line: root ? null : ++this.lastLine,
      rev: ++this.head,
      senderId,
      clientId,
      threadId: root?.id ?? null,
      title: null,
      body,
      mentions,
      at: seq,
      ...untouched,
    };
    this.messages.push(message);
    this.#tell({ kind: 'message', rev: message.rev, message });
    if (root) {
      const answered = this.#change(root, { answers: root.answers + 1, lastAnswerAt: seq });
      this.#tell({
        kind: 'answers',
        rev: answered.rev,
        threadId: root.id,
        answers: answered.answers,
        lastAnswerAt: seq,
      });
    }
    return message;
  }

  edit(index: number, body: string): void {
    const message = this.messages[index]!;
    if (message.recalledAt === null) this.#tellMessage(this.#change(message, { body, editedAt: this.head }));
  }

  recall(index: number): void {
    const message = this.messages[index]!;
    if (message.recalledAt === null)
      this.#tellMessage(this.#change(message, { body: '', recalledAt: this.head, mentions: [] }), true);
  }

  /** A change that shows in no timeline. */
  member(userId: string): void {
    const rev = ++this.head;
    this.#tell({
      kind: 'member',
      rev,
      member: { conversationId: this.conversationId, userId, role: 'member', joinedAt: 0, leftAt: null, rev },
    });
  }

  shown(threadId: string | null): Message[] {
    return this.messages.filter((message) =>
      threadId === null ? message.line !== null : message.id === threadId || message.threadId === threadId,
    );
  }

  page({
    before,
    after,
    around,
    threadId = null,
    limit = 5,
  }: {
    before?: number | undefined;
    after?: number | undefined;
    around?: number | undefined;
    threadId?: string | null | undefined;
    limit?: number | undefined;
  } = {}): Page {
    const all = this.shown(threadId);
    let rows: Message[];
    if (around !== undefined)
      rows = [
        ...all.filter(({ seq }) => seq < around).slice(-Math.floor(limit / 2)),
        ...all.filter(({ seq }) => seq >= around).slice(0, Math.ceil(limit / 2)),
      ];
    else if (after !== undefined) rows = all.filter(({ seq }) => seq > after).slice(0, limit);
    else rows = all.filter(({ seq }) => before === undefined || seq < before).slice(-limit);
    const [first, last] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
    return {
      messages: [...rows],
      head: this.head,
      older: rows.length > 0 && all.some(({ seq }) => seq < first),
      newer: rows.length > 0 && all.some(({ seq }) => seq > last),
    };
  }

  catchUp(since: number, limit = 3): CaughtUp {
    if (this.head - since > this.farBehind) return { changes: [], next: this.head, head: this.head, reset: true };
    const members = this.events.flatMap(({ change }) =>
      change.kind === 'member' && change.rev > since ? [change] : [],
    );
    const messages = this.messages
      .filter(({ rev }) => rev > since)
      .map((message): Change => ({ kind: 'message', rev: message.rev, message }));
    const changes = [...members, ...messages].sort((a, b) => a.rev - b.rev).slice(0, limit);
    return { changes, next: changes.length === limit ? changes.at(-1)!.rev : this.head, head: this.head };
  }

  #change(message: Message, how: Partial<Message>): Message {
    const changed = { ...message, ...how, rev: ++this.head };
    this.messages[message.seq - 1] = changed;
    return changed;
  }

  #tellMessage(message: Message, recall = false): void {
    this.#tell({ kind: 'message', rev: message.rev, message, ...(recall ? { recall: true } : {}) });
  }

  #tell(change: Change): void {
    this.events.push({ conversationId: this.conversationId, head: change.rev, change });
  }
}
