import { ref, watch } from 'vue';
import { personName } from '../conversations/names.ts';
import { editRequest, editing, unsavedEdits } from '../talk/editing.ts';
import { draftOf, keepDraft, type Draft } from './drafts.ts';
import { toText } from './mentions.ts';

type Words = Pick<Draft, 'text' | 'named'>;

/**
 * The words in hand: a draft, which is kept on this device at every change, or the words of a sent message under edit,
 * which are held in memory until they are saved or given up.
 */
export function useDraft(conversationId: string, threadId: string | null) {
  const begun = draftOf(conversationId, threadId);
  const text = ref(begun.text);
  const title = ref(begun.title);
  const named = ref<Record<string, string>>({ ...begun.named });
  const editId = ref<string | null>(null);
  /** The words under edit as the server has them. */
  let sent = '';
  let isPutting = false;

  const inHand = (): Draft => ({ text: text.value, title: title.value, named: named.value });
  function hold() {
    if (!editId.value) return keepDraft(conversationId, threadId, inHand());
    if (text.value === sent) unsavedEdits.delete(editId.value);
    else unsavedEdits.set(editId.value, { text: text.value, named: { ...named.value } });
  }
  watch([text, title, named], () => isPutting || hold(), { deep: true, flush: 'sync' });
  // Written on, or sent, in another page.
  watch(
    () => draftOf(conversationId, threadId),
    (draft) => {
      if (editId.value || (draft.text === text.value && draft.title === title.value)) return;
      put(draft, draft.title);
    },
  );

  /** Shows words that are held already. */
  function put(words: Words, topic = title.value) {
    isPutting = true;
    named.value = { ...words.named };
    text.value = words.text;
    title.value = topic;
    isPutting = false;
  }

  function beginEdit(messageId: string, body: string) {
    editId.value = editing.value = messageId;
    const words = toText(body, personName);
    sent = words.text;
    put(unsavedEdits.get(messageId) ?? words);
  }
  /** Back to the draft that was there before. Changed words are in hand again when the message is edited again. */
  function leaveEdit() {
    if (!editId.value) return;
    if (editing.value === editId.value) editing.value = null;
    editId.value = null;
    put(draftOf(conversationId, threadId));
  }
  /** Gives the changed words up. */
  function endEdit() {
    if (editId.value) unsavedEdits.delete(editId.value);
    leaveEdit();
  }
  /** The server has these words now. What was written since they were sent stays in hand. */
  function saved(messageId: string, words: string) {
    if (unsavedEdits.get(messageId)?.text === words) unsavedEdits.delete(messageId);
    if (editId.value !== messageId) return;
    if (text.value === words) leaveEdit();
    else sent = words;
  }
  watch(editRequest, (request) => {
    if (request?.conversationId !== conversationId || request.threadId !== threadId) return;
    beginEdit(request.messageId, request.body);
    editRequest.value = null;
  });

  /** Empties the field. What it answers puts the words back, before whatever was written since. */
  function clear(): () => void {
    const words = inHand();
    put({ text: '', named: {} });
    hold();
    return () => {
      const since = draftOf(conversationId, threadId);
      keepDraft(conversationId, threadId, {
        text: since.text ? `${words.text}\n${since.text}` : words.text,
        title: since.title,
        named: { ...words.named, ...since.named },
      });
      if (!editId.value) put(draftOf(conversationId, threadId));
    };
  }
  return { text, title, named, editId, leaveEdit, endEdit, saved, clear };
}
