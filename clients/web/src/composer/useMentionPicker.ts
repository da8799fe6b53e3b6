import { computed, ref, watch } from 'vue';
import type { Ref } from 'vue';
import type { FoundPerson, Person } from '@parley/protocol/people.ts';
import { fitOf, rankOf } from '../conversations/matches.ts';
import type { NameFit } from '../conversations/matches.ts';
import { me } from '../parley.ts';
import { usePeopleSearch } from '../people/usePeopleSearch.ts';
import { useMembers } from '../details/useMembers.ts';
import { mentionAt } from './mentions.ts';

/** A person who may be meant. `address` where that is what they were found by. */
export type Mentioned = Person & { address?: string | null };

/**
 * Whom the writer may mean by what stands after the `@`: members first, then colleagues, the best match first. Members
 * are found by name on the device, at once; by all else when the server has answered.
 */
export function useMentionPicker(conversationId: string, text: Ref<string>, caret: Ref<number>) {
  const asking = ref(false);
  const dismissed = ref<number | null>(null);
  const index = ref(0);
  const members = useMembers(conversationId, asking);
  const others = usePeopleSearch(12, { conversationId });
  const at = computed(() => mentionAt(text.value, caret.value));
  const open = computed(() => at.value !== null && at.value.from !== dismissed.value && people.value.length > 0);

  const people = computed<Mentioned[]>(() => {
    if (!at.value) return [];
    const { query } = at.value;
    const found = query ? others.foundFor(query).filter((person) => person.id !== me()?.id) : [];
    const near = members.rows.value.map((row) => row.person).filter((person) => person.id !== me()?.id);
    const ids = new Set(near.map((person) => person.id));
    const isNear = (person: FoundPerson) => person.isMember || ids.has(person.id);
    return [...ranked(near, found.filter(isNear), query), ...found.filter((person) => !isNear(person))].slice(0, 7);
  });
  watch(at, (now, before) => {
    asking.value ||= now !== null;
    if (now) others.query.value = now.query;
    if (now?.from !== before?.from) dismissed.value = null;
    index.value = 0;
  });

  return {
    open,
    people,
    index,
    at,
    dismiss: () => (dismissed.value = at.value?.from ?? null),
    move: (step: number) => (index.value = (index.value + step + people.value.length) % people.value.length),
  };
}

/** Members by how well they fit: as the server says of those it found, and by their names. */
function ranked(members: readonly Person[], found: readonly FoundPerson[], query: string): Mentioned[] {
  const fits = new Map<string, { person: Mentioned; fit: NameFit }>();
  for (const person of found) fits.set(person.id, { person, fit: person.fit });
  for (const person of members) {
    const fit = fitOf(person.name, query);
    const known = fits.get(person.id);
    if (fit !== null && (!known || rankOf(fit) < rankOf(known.fit))) fits.set(person.id, { person, fit });
  }
  return [...fits.values()].sort((a, b) => rankOf(a.fit) - rankOf(b.fit)).map(({ person }) => person);
}
