import { onScopeDispose, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import { folded } from '@parley/protocol/name-fold.ts';
import { allConversations, parley } from '../parley.ts';

/**
 * Own groups and channels whose Chinese names are spelled as typed. The server answers: tables of pinyin would be the
 * largest part of this page. Asked only for Latin letters, and where there is such a name.
 */
export function useSpelled(query: Ref<string>) {
  const answer = shallowRef<{ query: string; ids: readonly string[] }>({ query: '', ids: [] });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isChinese = () =>
    allConversations().some(({ conversation }) => /\p{Script=Han}/u.test(conversation.name ?? ''));

  async function ask(asked: string) {
    try {
      const { conversationIds } = await parley.call('conversation:find', { query: asked });
      if (asked === query.value.trim()) answer.value = { query: asked, ids: conversationIds };
    } catch {
      // The line is down: names are found as they are written.
    }
  }
  watch(query, (text) => {
    clearTimeout(timer);
    if (/^[a-z' ]+$/.test(folded(text)) && isChinese()) timer = setTimeout(() => void ask(text.trim()), 120);
  });
  onScopeDispose(() => clearTimeout(timer));
  return { of: (asked: string): readonly string[] => (answer.value.query === asked ? answer.value.ids : []) };
}
