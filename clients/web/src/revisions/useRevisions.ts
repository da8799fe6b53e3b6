import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import type { Message } from '@parley/protocol/messages.ts';
import type { Revision } from '@parley/protocol/revisions.ts';
import { may, me, parley, summaryOf } from '../parley.ts';

/** Whether the reader may see the former versions of a message. The server decides anyway. */
export function mayReadRevisions({ conversationId, senderId }: Message): boolean {
  const readers = me()?.readRevisions;
  const allowed = readers === 'members' || (readers === 'sender' && senderId === me()?.id);
  return allowed && may('conversations.read') && summaryOf(conversationId)?.mine != null;
}

/**
 * The message as it stands and its former versions, kept current. `end` is called when they cannot be read any more,
 * with the reason.
 */
export function useRevisions(message: Message, end: (reason: unknown) => void) {
  const { id, conversationId } = message;
  const standing = shallowRef(message);
  const revisions = shallowRef<readonly Revision[] | null>(null);
  const next = shallowRef<number | null>(null);
  let latest = 0;

  async function load() {
    const mine = ++latest;
    const thread = message.line === null && message.threadId ? { threadId: message.threadId } : {};
    try {
      const [page, answer] = await Promise.all([
        parley.call('history:page', { conversationId, around: message.seq, limit: 1, ...thread }),
        parley.call('message:revisions', { conversationId, messageId: id }),
      ]);
      if (mine !== latest) return;
      const now = 'unchanged' in page ? undefined : page.messages.find((one) => one.id === id);
      standing.value = now ?? standing.value;
      revisions.value = answer.revisions;
      next.value = answer.next;
    } catch (error) {
      if (mine === latest) end(error);
    }
  }

  async function more() {
    const mine = latest;
    try {
      const answer = await parley.call('message:revisions', { conversationId, messageId: id, before: next.value! });
      if (mine !== latest) return;
      revisions.value = [...revisions.value!, ...answer.revisions];
      next.value = answer.next;
    } catch (error) {
      if (mine === latest) end(error);
    }
  }

  // New messages move both numbers alike; edits and recalls move `head` alone.
  const moved = computed(() => {
    const summary = summaryOf(conversationId);
    return summary ? summary.head - summary.lastSeq : null;
  });
  watch(moved, () => void load(), { immediate: true });
  onScopeDispose(() => void latest++);
  return { standing, revisions, next, more };
}
