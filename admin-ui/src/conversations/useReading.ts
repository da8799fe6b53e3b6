import { computed, ref, shallowRef } from 'vue';
import { ConversationMessagesDocument, type ConversationMessagesQuery } from '../graphql/graphql.ts';
import { request } from '../session/request.ts';

type Page = ConversationMessagesQuery['conversationMessages'];
export type ReadMessage = Page['edges'][number]['node'];

/**
 * A reading of one conversation, for as long as the page is open. Each page is asked for once and by hand: looking again in the background would be
 * another reading, and another line in the audit log. The reason is kept nowhere else than here.
 */
export function useReading(id: string) {
  const pages = shallowRef<Page[]>([]);
  const reason = ref<string | null>(null);
  const busy = ref(false);
  const failure = shallowRef<unknown>(null);

  async function read(after: string | null): Promise<void> {
    busy.value = true;
    failure.value = null;
    try {
      const answer = await request(ConversationMessagesDocument, { id, reason: reason.value!, after });
      pages.value = [...pages.value, answer.conversationMessages];
    } catch (error) {
      failure.value = error;
    } finally {
      busy.value = false;
    }
  }
  const last = computed(() => pages.value.at(-1));
  return {
    reason,
    busy,
    failure,
    conversation: computed(() => pages.value[0]?.conversation ?? null),
    /** Oldest first, as talk is read. */
    messages: computed(() => pages.value.flatMap(({ edges }) => edges.map(({ node }) => node)).reverse()),
    hasOlder: computed(() => last.value?.pageInfo.hasNextPage ?? false),
    begin(why: string) {
      reason.value = why;
      return read(null);
    },
    older: () => read(last.value?.pageInfo.endCursor ?? null),
  };
}
