import type { Answers, CallPayload } from '@parley/protocol/catalogue.ts';
import type { TypingEvent } from '@parley/protocol/sync.ts';
import { requireMember, roomOf } from '../conversations/conversations.ts';
import type { Broadcast } from '../kernel/broadcast.ts';
import { now } from '../kernel/clock.ts';
import type { Events } from '../kernel/events.ts';
import { pause, type LongLived } from '../kernel/lifecycle.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';

const settled = 1_000;
const fades = 6_000;
const lookAgain = 15_000;
const mostTypists = 20_000;

export const typing = partKey<Typing>('typing');

/** Tells the others of a conversation that somebody is writing, or stopped. Repeating it within a second says nothing new. */
export async function setTyping(work: Work, input: CallPayload<'typing:set'>): Promise<Answers['typing:set']> {
  const typists = work.use(typing);
  const event: TypingEvent = {
    conversationId: input.conversationId,
    userId: work.person(),
    threadId: input.threadId ?? null,
    typing: input.typing,
  };
  // Somebody who keeps on typing is not looked up again: a storm of hints must not take the store's time from messages.
  const found = !typists.knows(event);
  if (found) await requireMember(work, input.conversationId);
  typists.say(event, found);
  return {};
}

/** `since`: when the person was last found to be a member. */
type Typist = { event: TypingEvent; at: number; since: number };

/**
 * Who is writing where, in memory.
 * 1. A state is told when it changes, and while it lasts at most once a second.
 * 2. Whoever says nothing for six seconds, or goes away, has stopped.
 * 3. Who leaves a conversation is forgotten at once and looked up again.
 */
export class Typing implements LongLived {
  readonly name = 'typing';
  readonly #broadcast: Broadcast;
  readonly #typists = new Map<string, Typist>();

  constructor(broadcast: Broadcast, events: Events) {
    this.#broadcast = broadcast;
    broadcast.whenGone(({ personId }) => {
      if (this.#typists.size > 0 && broadcast.seatsOf(personId).length === 0)
        this.#stop((event) => event.userId === personId);
    });
    events.on('member.removed', ({ payload }) =>
      this.#stop((event) => event.userId === payload['userId'] && event.conversationId === payload['conversationId']),
    );
  }

  /** Whether this person was found to be a member a moment ago. */
  knows(event: TypingEvent): boolean {
    const typist = this.#typists.get(keyOf(event));
    return typist !== undefined && now() - typist.since < lookAgain;
  }

  /** `found`: the membership was looked up for this. */
  say(event: TypingEvent, found: boolean): void {
    const before = this.#typists.get(keyOf(event));
    const same =
      before !== undefined && before.event.typing === event.typing && before.event.threadId === event.threadId;
    if (before && found) before.since = now();
    if (same && now() - before.at < settled) return;
    if (before === undefined && this.#typists.size >= mostTypists) return;
    this.#typists.set(keyOf(event), { event, at: now(), since: before?.since ?? now() });
    if (event.typing || before?.event.typing) this.#tell(event);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(settled, signal);
      const old = now() - fades;
      for (const [key, { event, at }] of this.#typists) {
        if (at > old) continue;
        this.#typists.delete(key);
        if (event.typing) this.#tell({ ...event, typing: false });
      }
    }
  }

  #stop(which: (event: TypingEvent) => boolean): void {
    for (const [key, { event }] of this.#typists) {
      if (!which(event)) continue;
      this.#typists.delete(key);
      if (event.typing) this.#tell({ ...event, typing: false });
    }
  }

  #tell(event: TypingEvent): void {
    this.#broadcast.hint(roomOf(event.conversationId), 'typing', JSON.stringify(event), event.userId);
  }
}

const keyOf = ({ userId, conversationId }: TypingEvent): string => `${userId} ${conversationId}`;
