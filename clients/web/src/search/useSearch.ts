import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import { useRoute } from 'vue-router';
import type { Hit } from '@parley/protocol/search.ts';
import type { Counted } from '@parley/protocol/search.ts';
import { parley } from '../parley.ts';
import { router } from '../router.ts';
import { preferences } from '../settings/preferences.ts';
import { filtersOf, searchAddress, startOf } from './address.ts';
import type { Filters } from './address.ts';

const pageSize = 20;

/**
 * The search the address asks for. Typing moves the address, and the address asks the server; so a link, the way back and the field all
 * mean the same. What was found before stays until there is an answer; answers that come too late to be wanted are dropped.
 */
export function useSearch() {
  const route = useRoute();
  const filters = computed(() => filtersOf(route.query));
  const typed = ref(filters.value.query);
  const hits = shallowRef<readonly Hit[]>([]);
  const next = shallowRef<string | null>(null);
  /** How many there are; null: not counted (yet). */
  const total = shallowRef<Counted | null>(null);
  /** What `hits` answer; null: nothing has been answered yet. */
  const answered = shallowRef<Filters | null>(null);
  const failure = shallowRef<unknown>(null);
  const busy = ref(false);
  let latest = 0;
  /** The latest of those that asked for a first page. */
  let latestFirst = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function fetch(cursor: string | null) {
    const mine = ++latest;
    if (!cursor) latestFirst = mine;
    const asked = filters.value;
    failure.value = null;
    busy.value = asked.query.trim() !== '';
    if (!busy.value) {
      answered.value = next.value = total.value = null;
      hits.value = [];
      return;
    }
    try {
      const page = await parley.call('message:search', {
        ...wordsOf(asked),
        limit: pageSize,
        ...(cursor && { cursor }),
      });
      if (mine !== latest) return;
      hits.value = cursor ? [...hits.value, ...page.hits] : page.hits;
      next.value = page.next;
      answered.value = asked;
      if (page.next === null) total.value = { count: hits.value.length, more: false };
      else if (!cursor) void count(asked, mine);
    } catch (error) {
      if (mine !== latest) return;
      failure.value = error;
      // What was found for other words would pass for an answer to these.
      if (!cursor) {
        hits.value = [];
        answered.value = next.value = total.value = null;
      }
    } finally {
      if (mine === latest) busy.value = false;
    }
  }

  /** Counts all there are. Without an answer the page says how many it shows. */
  async function count(asked: Filters, mine: number) {
    total.value = null;
    const counted = await parley.call('message:count', wordsOf(asked)).catch(() => null);
    if (mine === latestFirst) total.value = counted;
  }

  /** Changes what is looked for, and with it the address; the way back leads to where one was before searching. */
  function narrow(wish: Partial<Filters>) {
    clearTimeout(timer);
    return router.replace(searchAddress({ ...filters.value, query: typed.value.trimStart(), ...wish }));
  }
  watch(typed, (text) => {
    clearTimeout(timer);
    if (text.trimStart() !== filters.value.query) timer = setTimeout(() => void narrow({ whole: false }), 250);
  });
  watch(
    () => JSON.stringify([filters.value, preferences.spellings]),
    () => {
      if (route.name !== 'search') return;
      if (filters.value.query !== typed.value.trimStart()) typed.value = filters.value.query;
      void fetch(null);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    latest++;
    clearTimeout(timer);
  });

  return {
    filters,
    typed,
    hits,
    total,
    answered,
    failure,
    busy,
    hasMore: computed(() => next.value !== null),
    /** What is shown answers what stands in the field. */
    isCurrent: () => !busy.value && answered.value?.query === typed.value.trimStart(),
    narrow,
    again: () => fetch(null),
    more: () => (next.value && !busy.value ? fetch(next.value) : Promise.resolve()),
  };
}

/** A question in the server's words. A last word that is still being typed may be the beginning of one. */
const wordsOf = ({ query, conversationId, senderId, after, before, whole }: Filters) => ({
  query,
  prefix: !whole,
  variants: preferences.spellings,
  ...(conversationId && { conversationId }),
  ...(senderId && { senderId }),
  ...(after && { after: startOf(after) }),
  ...(before && { before: startOf(before) }),
});
