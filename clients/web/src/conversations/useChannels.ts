import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Summary } from '@parley/protocol/conversations.ts';
import { parley } from '../parley.ts';
import { attempt } from '../ui/notices.ts';

/** Public channels by name, page by page. Late answers to an earlier question are dropped. */
export function useChannels(limit = 50) {
  const query = ref('');
  const found = shallowRef<readonly Summary[]>([]);
  const answered = ref<string | null>(null);
  const hasMore = ref(false);
  let next: string | null = null;
  let latest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function fetch(after: string | null) {
    const mine = ++latest;
    const asked = query.value.trim();
    const page = await attempt(() =>
      parley.call('conversation:browse', { query: asked, limit, ...(after ? { after } : {}) }),
    );
    if (!page || mine !== latest) return;
    found.value = after ? [...found.value, ...page.conversations] : page.conversations;
    next = page.next;
    hasMore.value = next !== null;
    answered.value = asked;
  }
  watch(
    query,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void fetch(null), answered.value === null ? 0 : 150);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    latest++;
    clearTimeout(timer);
  });
  return { query, found, answered, hasMore, more: () => fetch(next) };
}
