import type { Router } from 'vue-router';
import type { Message } from '@parley/protocol/messages.ts';
import { copyText } from '@parley/look/copy.ts';
import { withNames } from '../conversations/names.ts';
import { may, me, parley, summaryOf } from '../parley.ts';
import { addressOf } from '../router.ts';
import { ask } from '@parley/look/ask.ts';
import Confirm from '../ui/Confirm.vue';
import { attempt, showSentence, tell } from '../ui/notices.ts';
import { i18n } from '../words/i18n.ts';
import { editRequest } from './editing.ts';

const copy = (text: string) =>
  copyText(text).then(
    () => tell(i18n.global.t('message.copied')),
    () => showSentence('message.notCopied'),
  );

/** What the reader may do with a message. An act they may not do is absent, and the server decides anyway. */
export function useMessageActs(message: Message, inThread: boolean, router: Router) {
  const { t } = i18n.global;
  const summary = summaryOf(message.conversationId);
  const mine = message.senderId === me()?.id;
  const open = summary?.mine != null && summary.conversation.archivedAt === null;
  const moderates = summary?.mine != null && summary.mine.role !== 'member' && may('messages.moderate');
  const topical = summary?.conversation.threading === 'topics';
  const rootId = message.threadId ?? (topical && message.title === null ? null : message.id);
  const link = () =>
    new URL(
      router.resolve(addressOf(message.conversationId, { thread: topical ? null : message.threadId, seq: message.seq }))
        .href,
      location.origin,
    ).href;

  const edit = () =>
    (editRequest.value = {
      messageId: message.id,
      conversationId: message.conversationId,
      threadId: inThread ? rootId : null,
      body: message.body,
    });
  const recall = async () => {
    const sure = await ask<true>(Confirm, {
      title: t('message.recallTitle'),
      body: t('message.recallBody'),
      act: t('message.recallAct'),
      bad: true,
    });
    if (sure) await attempt(() => parley.recall(message));
  };
  return {
    topical,
    reply:
      !inThread && summary?.mine && rootId
        ? () => void router.push(addressOf(message.conversationId, { thread: rootId }))
        : null,
    copyLink: () => copy(link()),
    copyText: () => copy(withNames(message.body)),
    // An answer in a thread has no line; its thread is read as a whole.
    markUnread:
      summary?.mine && message.line !== null && !(inThread && !topical)
        ? () => attempt(() => parley.markUnread(message.conversationId, message.line))
        : null,
    edit: mine && open ? edit : null,
    recall: open && (mine || moderates) ? recall : null,
  };
}
