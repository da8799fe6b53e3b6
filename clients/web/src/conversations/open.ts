import type { Summary } from '@parley/protocol/conversations.ts';
import { parley } from '../parley.ts';
import { addressOf, router } from '../router.ts';
import { attempt } from '../ui/notices.ts';

export const openConversation = (id: string) => void router.push(addressOf(id));

/** Opens the direct conversation with somebody, beginning it if there is none. */
export async function openDirect(userId: string) {
  const summary = await attempt<Summary>(() => parley.call('conversation:direct', { userId }));
  if (summary) openConversation(summary.conversation.id);
}

/** The neighbour of the open conversation goes by `neighbour`; leaving one goes home. */
export const goHome = () => void router.push('/');
