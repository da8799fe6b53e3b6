import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Person } from '@parley/protocol/people.ts';
import { parley } from '../parley.ts';

/** People found for what is being typed. Asks 120 ms after the last key, and drops answers that come too late to be wanted. */
export function usePeopleSearch(limit = 20) {
  const query = ref('');
  const found = shallowRef<readonly Person[]>([]);
  const answered = ref<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;

  async function search(text: string) {
    const mine = ++latest;
    try {
      const { people } = await parley.call('people:search', { query: text, limit });
      if (mine !== latest) return;
      found.value = people.filter((person) => person.status !== 'suspended');
      answered.value = text;
    } catch {
      // The line is down: what was found before stays; the connection line says the rest.
    }
  }
  watch(
    query,
    (text) => {
      clearTimeout(timer);
      timer = setTimeout(() => void search(text.trim()), 120);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    latest++;
    clearTimeout(timer);
  });
  return { query, found, answered };
}
