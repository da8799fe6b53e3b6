import { nextTick, ref, useId, watch } from 'vue';
import type { Ref } from 'vue';

/**
 * The keys of a list of choices below a text field that keeps the focus: arrows move, Enter chooses, and the field names the
 * marked choice for screen readers. The first choice is marked again whenever the choices change; with `keyOf` a choice
 * the reader went to stays marked for as long as it is there.
 */
export function useOptions<T>(
  choices: Ref<readonly T[]>,
  choose: (choice: T) => void,
  keyOf: ((choice: T) => string) | null = null,
) {
  const index = ref(0);
  const listId = useId();
  const optionId = (at: number) => `${listId}-${at}`;
  watch(choices, (now, before) => {
    const marked = index.value > 0 ? before[index.value] : undefined;
    const at = keyOf && marked !== undefined ? now.findIndex((choice) => keyOf(choice) === keyOf(marked)) : 0;
    index.value = Math.max(at, 0);
  });

  function move(to: number) {
    const count = choices.value.length;
    if (count === 0) return;
    index.value = (to + count) % count;
    void nextTick(() => document.getElementById(optionId(index.value))?.scrollIntoView({ block: 'nearest' }));
  }
  function onKey(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const act = {
      ArrowDown: () => move(index.value + 1),
      ArrowUp: () => move(index.value - 1),
      Enter: () => take(choices.value[index.value]),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  const take = (choice: T | undefined) => choice !== undefined && choose(choice);
  /** What the field wears. */
  const field = () => ({
    role: 'combobox',
    'aria-expanded': choices.value.length > 0,
    'aria-autocomplete': 'list' as const,
    autocomplete: 'off',
    'aria-controls': choices.value.length ? listId : undefined,
    'aria-activedescendant': choices.value.length ? optionId(index.value) : undefined,
  });
  /** What each choice wears. */
  const option = (at: number) => ({
    id: optionId(at),
    role: 'option',
    'aria-selected': at === index.value,
    'data-highlighted': at === index.value ? '' : undefined,
  });
  return { index, listId, field, option, onKey };
}
