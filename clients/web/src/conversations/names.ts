import type { Summary } from '@parley/protocol/conversations.ts';
import { personOf } from '../parley.ts';
import { i18n } from '../words/i18n.ts';

/** What the reader calls a conversation: its name, or the other person's. */
export function nameOf(summary: Summary): string {
  const { conversation, peerId } = summary;
  if (conversation.kind === 'direct') return (peerId && personOf(peerId)?.name) || i18n.global.t('list.direct');
  return conversation.name ?? i18n.global.t('list.unnamed');
}

/** A person's name, also before it is known. */
export const personName = (id: string): string => personOf(id)?.name ?? i18n.global.t('message.unknown');

/** A text with the people it names called by their names. */
export const withNames = (body: string): string =>
  body.replace(/<@([0-9a-f-]{36})>/g, (_, id: string) => `@${personName(id)}`);

/** The id whose hue the avatar takes. */
export const faceOf = (summary: Summary): string => summary.peerId ?? summary.conversation.id;
