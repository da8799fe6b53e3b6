import { shallowReactive, shallowRef } from 'vue';

/** The message being edited, by id. One at a time, in one composer. */
export const editing = shallowRef<string | null>(null);
/** Changed words of sent messages that were not saved, by message: in hand again when that message is edited again. */
export const unsavedEdits = shallowReactive(new Map<string, { text: string; named: Record<string, string> }>());
/** Asks the composer of a conversation or thread to edit one of one's messages. */
export const editRequest = shallowRef<{
  messageId: string;
  conversationId: string;
  threadId: string | null;
  body: string;
} | null>(null);
