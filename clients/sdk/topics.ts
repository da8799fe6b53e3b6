/**
 * What may have changed, for whoever draws it. A topic is a hint to read again, never the news itself; it may come without a difference.
 * Objects handed out earlier are never altered: a changed conversation is a new object under the same id.
 */
export type Changed =
  /** `parley.state`, `nextAttempt` or `problem`. */
  | { topic: 'state' }
  /** `parley.storage`. */
  | { topic: 'storage' }
  /** `store.me`. */
  | { topic: 'me' }
  /** The set of conversations, or so many of them at once that naming each makes no sense. */
  | { topic: 'conversations' }
  /** One conversation's facts, counters, last line or own marks. */
  | { topic: 'conversation'; id: string }
  /** These people are known now, or known better. */
  | { topic: 'people'; ids: readonly string[] }
  | { topic: 'typing'; conversationId: string }
  | { topic: 'presence'; userIds: readonly string[] }
  /** Own sends of a conversation: taken, kept, failed, gone out, discarded. */
  | { topic: 'pending'; conversationId: string };

export type Listener = (changed: Changed) => void;

/** Listeners and the way to tell them. A listener that throws is reported as an uncaught error and hurts no other. */
export type Topics = { tell(changed: Changed): void; subscribe(listener: Listener): () => void };

export function createTopics(): Topics {
  const listeners = new Set<Listener>();
  return {
    tell(changed) {
      for (const listener of [...listeners]) {
        try {
          listener(changed);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    subscribe(listener) {
      // A wrapper of its own, so that the same function subscribed twice is ended twice.
      const own: Listener = (changed) => listener(changed);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
