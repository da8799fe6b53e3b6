import { computed, ref, watch } from 'vue';
import type { Ref } from 'vue';
import type { Person } from '@parley/protocol/people.ts';
import { matches } from '../conversations/matches.ts';
import { me } from '../parley.ts';
import { usePeopleSearch } from '../people/usePeopleSearch.ts';
import { useMembers } from '../details/useMembers.ts';
import { mentionAt } from './mentions.ts';

/** Whom the writer may mean by what stands after the `@`: members first, then colleagues the server finds. */
export function useMentionPicker(conversationId: string, text: Ref<string>, caret: Ref<number>) {
  const asking = ref(false);
  const dismissed = ref<number | null>(null);
  const index = ref(0);
  const members = useMembers(conversationId, asking);
  const others = usePeopleSearch(8);
  const at = computed(() => mentionAt(text.value, caret.value));
  const open = computed(() => at.value !== null && at.value.from !== dismissed.value && people.value.length > 0);

  const people = computed<Person[]>(() => {
    if (!at.value) return [];
    const { query } = at.value;
    const near = members.rows.value.map((row) => row.person).filter((person) => person.id !== me()?.id);
    const ranked = near
      .map((person) => ({ person, fit: matches(person.name, query) }))
      .filter(({ fit }) => fit > 0)
      .sort((a, b) => b.fit - a.fit)
      .map(({ person }) => person);
    const ids = new Set(near.map((person) => person.id));
    const far = query
      ? others.found.value.filter(
          (person) => !ids.has(person.id) && person.id !== me()?.id && person.kind !== 'imported',
        )
      : [];
    return [...ranked, ...far].slice(0, 7);
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
