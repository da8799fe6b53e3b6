import type { Message } from '@parley/protocol/messages.ts';
import { may, parley, summaryOf } from '../parley.ts';
import { attempt } from '../ui/notices.ts';

/** Whether the reader may pin here. An act they may not do is absent, and the server decides anyway. */
export function mayPin(conversationId: string): boolean {
  const summary = summaryOf(conversationId);
  return summary?.mine != null && summary.conversation.archivedAt === null && may('messages.send');
}

/** Pins a message for everybody, or takes its pin away. What changes on screen changes by the event that follows. */
export const togglePin = ({ id, conversationId, pinnedAt }: Message) =>
  attempt(() => parley.call(pinnedAt === null ? 'pin:add' : 'pin:remove', { conversationId, messageId: id }));
