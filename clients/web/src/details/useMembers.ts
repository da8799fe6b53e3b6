import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { Answers } from '@parley/protocol/catalogue.ts';
import { parley, summaryOf } from '../parley.ts';

export type MemberRow = Answers['member:list']['members'][number];

/** The members of a conversation, first page first, asked for once `wanted`, and again whenever the conversation's facts moved. */
export function useMembers(conversationId: string, wanted: Ref<boolean>) {
  const rows = shallowRef<readonly MemberRow[]>([]);
  const next = shallowRef<string | null>(null);
  let latest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function fetch(after: string | null) {
    const mine = ++latest;
    try {
      const page = await parley.call('member:list', { conversationId, limit: 100, ...(after ? { after } : {}) });
      if (mine !== latest) return;
      rows.value = after ? [...rows.value, ...page.members] : page.members;
      next.value = page.next;
    } catch {
      // Refused or away: the list stays as it was; the connection line says the rest.
    }
  }
  const moved = computed(() =>
    [wanted.value, summaryOf(conversationId)?.memberCount, summaryOf(conversationId)?.mine?.role].join(),
  );
  watch(
    moved,
    () => {
      if (!wanted.value) return;
      clearTimeout(timer);
      timer = setTimeout(() => void fetch(null), 100);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    latest++;
    clearTimeout(timer);
  });
  return {
    rows,
    hasMore: computed(() => next.value !== null),
    more: () => fetch(next.value),
    again: () => fetch(null),
  };
}
