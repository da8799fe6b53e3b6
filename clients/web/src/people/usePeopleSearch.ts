import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { FoundPerson } from '@parley/protocol/people.ts';
import { fitOf } from '../conversations/matches.ts';
import { parley } from '../parley.ts';

type More = { withImported?: boolean; conversationId?: string };

/**
 * People found for what is being typed, the best match first. Asks 120 ms after the last key, and drops answers that
 * come too late to be wanted. Senders of imported history are left out unless asked for.
 */
export function usePeopleSearch(limit = 20, more: More = {}) {
  const query = ref('');
  const found = shallowRef<readonly FoundPerson[]>([]);
  const answered = ref<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;

  async function search(text: string) {
    const mine = ++latest;
    try {
      const { people } = await parley.call('people:search', { query: text, limit, ...more });
      if (mine !== latest) return;
      found.value = people;
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
  /** What is known for this text: the answer, or until it is there those of the last one whose names fit. */
  const foundFor = (text: string): readonly FoundPerson[] =>
    answered.value === text ? found.value : found.value.flatMap((person) => byName(person, text));
  return { query, found, answered, foundFor };
}

function byName(person: FoundPerson, text: string): FoundPerson[] {
  const fit = fitOf(person.name, text);
  return fit === null || fit === 'scattered' ? [] : [{ ...person, fit, address: null }];
}
