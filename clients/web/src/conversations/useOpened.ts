import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { Summary } from '@parley/protocol/conversations.ts';
import { allConversations, line, parley, summaryOf } from '../parley.ts';

/**
 * The conversation an address names: one of the reader's own, or a public channel looked at from outside, which is asked for
 * and heard until it is left.
 */
export function useOpened(id: Ref<string | null>) {
  const foreign = shallowRef<Summary | null>(null);
  const failed = shallowRef<unknown>(null);
  let watched: string | null = null;

  function stopWatching() {
    if (watched) parley.call('conversation:close', { conversationId: watched }).catch(() => undefined);
    watched = foreign.value = null;
  }
  async function look(wanted: string) {
    try {
      const summary = await parley.call('conversation:open', { conversationId: wanted });
      if (id.value !== wanted) return;
      watched = summary.mine ? null : wanted;
      foreign.value = summary;
    } catch (error) {
      if (id.value === wanted) failed.value = error;
    }
  }
  // Only once the list is known can one tell what is foreign; a new connection has to be told again what one looks at.
  const known = computed(() => line().state === 'live' && allConversations() !== null);
  watch(
    [id, known],
    ([now, ready], [before]) => {
      if (now !== before) {
        stopWatching();
        failed.value = null;
      }
      if (now && ready && !summaryOf(now)) void look(now);
    },
    { immediate: true },
  );
  onScopeDispose(stopWatching);

  const summary = computed(() =>
    id.value
      ? (summaryOf(id.value) ?? (foreign.value?.conversation.id === id.value ? foreign.value : undefined))
      : undefined,
  );
  return { summary, failed };
}
