import { nextTick, ref } from 'vue';
import type { Ref } from 'vue';
import type { Row } from './rows.ts';

type List = { show(key: string, where: 'auto'): Promise<void>; toEnd(): Promise<void> };

/** The list is one Tab stop; arrows walk from message to message, Enter goes into a message's tools, Escape back to writing. */
export function useRoving(rows: Ref<readonly Row[]>, scroller: Ref<HTMLElement | null>, list: List, write: () => void) {
  const activeKey = ref<string | null>(null);
  const messages = () => rows.value.filter((row) => row.kind === 'message');
  const lastKey = () => messages().at(-1)?.key;
  const isStop = (key: string) =>
    key ===
    (activeKey.value !== null && rows.value.some((row) => row.key === activeKey.value) ? activeKey.value : lastKey());

  const isElsewhere = () =>
    document.activeElement !== document.body && !scroller.value?.contains(document.activeElement);

  async function focus(key: string | undefined) {
    if (!key) return;
    activeKey.value = key;
    // What is drawn gets the focus at once, or a quick second key would still act on the message before.
    const drawn = () => scroller.value?.querySelector<HTMLElement>(`article[data-key="${CSS.escape(key)}"]`);
    const there = drawn();
    there?.focus({ preventScroll: true });
    await list.show(key, 'auto');
    await nextTick();
    // Who has gone on meanwhile is not called back.
    if (!there && activeKey.value === key && !isElsewhere()) drawn()?.focus({ preventScroll: true });
  }

  function onKey(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const article = (event.target as HTMLElement).closest<HTMLElement>('article');
    const inside = article !== event.target;
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.preventDefault();
      if (inside && article) article.focus();
      else write();
      return;
    }
    if (inside) return;
    const all = messages();
    const at = all.findIndex((row) => row.key === activeKey.value);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (to >= all.length && event.key === 'ArrowDown') write();
      else void focus(all[Math.max(0, to)]?.key);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      article?.querySelector<HTMLElement>('[role="toolbar"] button')?.focus();
    }
  }
  return { activeKey, isStop, onKey, focusLast: () => focus(lastKey()) };
}
