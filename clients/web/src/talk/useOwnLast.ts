import { me } from '../parley.ts';
import { editRequest } from './editing.ts';
import type { Talk } from './useTalk.ts';

/** Arrow up in an empty composer: the reader's last message in this talk is taken up for editing. */
export function useOwnLast(talk: Talk, threadId: string | null) {
  return {
    editLast() {
      const mine = talk.entries.value.findLast(
        (entry) => entry.kind === 'message' && entry.message.senderId === me()?.id && entry.message.recalledAt === null,
      );
      if (mine?.kind === 'message')
        editRequest.value = {
          messageId: mine.message.id,
          conversationId: mine.message.conversationId,
          threadId,
          body: mine.message.body,
        };
    },
  };
}
