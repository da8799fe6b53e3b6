import { shallowRef } from 'vue';

/** The message being edited, by id. One at a time, in one composer. */
export const editing = shallowRef<string | null>(null);
/** Asks the composer of a conversation or thread to edit one of one's messages. */
export const editRequest = shallowRef<{
  messageId: string;
  conversationId: string;
  threadId: string | null;
  body: string;
} | null>(null);
