import { ref, watch } from 'vue';
import { personName } from '../conversations/names.ts';
import { editRequest, editing } from '../talk/editing.ts';
import { draftOf, keepDraft } from './drafts.ts';
import { toText } from './mentions.ts';

/** The words in hand: a draft that is kept at every change, or, while editing, a sent message's words, which are not. */
export function useDraft(conversationId: string, threadId: string | null) {
  const begun = draftOf(conversationId, threadId);
  const text = ref(begun.text);
  const title = ref(begun.title);
  const named = ref<Record<string, string>>({ ...begun.named });
  const editId = ref<string | null>(null);

  watch(
    [text, title, named],
    () => {
      if (!editId.value)
        keepDraft(conversationId, threadId, { text: text.value, title: title.value, named: named.value });
    },
    { deep: true, flush: 'sync' },
  );

  function put(draft: { text: string; named: Record<string, string> }) {
    text.value = draft.text;
    named.value = { ...draft.named };
  }
  function beginEdit(messageId: string, body: string) {
    editId.value = editing.value = messageId;
    put(toText(body, personName));
  }
  /** Back to the draft that was there before. */
  function endEdit() {
    if (!editId.value) return;
    const before = draftOf(conversationId, threadId);
    put(before);
    editId.value = editing.value = null;
  }
  watch(editRequest, (request) => {
    if (request?.conversationId !== conversationId || request.threadId !== threadId) return;
    beginEdit(request.messageId, request.body);
    editRequest.value = null;
  });
  return { text, title, named, editId, endEdit, clear: () => put({ text: '', named: {} }) };
}
