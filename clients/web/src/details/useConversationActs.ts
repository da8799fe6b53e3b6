import type { Summary } from '@parley/protocol/conversations.ts';
import { nameOf } from '../conversations/names.ts';
import { goHome } from '../conversations/open.ts';
import { parley } from '../parley.ts';
import { ask } from '@parley/look/ask.ts';
import Confirm from '../ui/Confirm.vue';
import { attempt } from '../ui/notices.ts';
import { i18n } from '../words/i18n.ts';
import AddPeopleDialog from './AddPeopleDialog.vue';
import RenameDialog from './RenameDialog.vue';
import type { MemberRow } from './useMembers.ts';

/** What a member may do to a conversation. What cannot be undone is asked first, by a button that names the act. */
export function useConversationActs(
  summary: () => Summary,
  members: () => readonly MemberRow[],
  changed: () => unknown,
) {
  const { t } = i18n.global;
  const conversationId = summary().conversation.id;
  const prefer = (wish: { muted?: boolean; pinned?: boolean }) =>
    attempt(() => parley.call('conversation:prefer', { conversationId, ...wish }));

  return {
    pin: () => prefer({ pinned: !summary().mine?.pinned }),
    mute: () => prefer({ muted: !summary().mine?.muted }),
    async leave() {
      const name = nameOf(summary());
      const body = t(summary().conversation.visibility === 'public' ? 'details.leavePublic' : 'details.leavePrivate');
      if (
        !(await ask<true>(Confirm, {
          title: t('details.leaveTitle', { name }),
          body,
          act: t('details.leaveAct', { name }),
          bad: true,
        }))
      )
        return;
      if (await attempt(() => parley.call('conversation:leave', { conversationId }))) goHome();
    },
    async archive() {
      const name = nameOf(summary());
      if (
        !(await ask<true>(Confirm, {
          title: t('details.archiveTitle', { name }),
          body: t('details.archiveBody'),
          act: t('details.archiveAct', { name }),
          bad: true,
        }))
      )
        return;
      await attempt(() => parley.call('conversation:archive', { conversationId }));
    },
    async makePrivate() {
      const name = nameOf(summary());
      if (
        !(await ask<true>(Confirm, {
          title: t('details.makePrivateTitle', { name }),
          body: t('details.makePrivateBody'),
          act: t('details.makePrivateAct', { name }),
          bad: true,
        }))
      )
        return;
      await attempt(() => parley.call('conversation:make-private', { conversationId }));
    },
    async rename() {
      const wish = await ask<{ name: string; purpose: string }>(RenameDialog, {
        name: summary().conversation.name ?? '',
        purpose: summary().conversation.purpose,
      });
      if (wish) await attempt(() => parley.call('conversation:rename', { conversationId, ...wish }));
    },
    async add() {
      const userIds = await ask<string[]>(AddPeopleDialog, {
        name: nameOf(summary()),
        without: members().map((row) => row.userId),
      });
      if (userIds?.length && (await attempt(() => parley.call('member:add', { conversationId, userIds })))) changed();
    },
  };
}
