import { ask } from '@parley/look/ask.ts';
import { perform } from '../acts/perform.ts';
import ChooseDialog from '../ui/ChooseDialog.vue';
import { i18n } from '../words/i18n.ts';
import { resetPassword } from './acts.ts';

/** Asks whether the old password works until the link is used, then about the act. */
export async function askToReset(person: { id: string; name: string }) {
  const { t } = i18n.global;
  const chosen = await ask<'keep' | 'end'>(ChooseDialog, {
    title: t('people.resetTitle', { name: person.name }),
    options: [
      { value: 'keep', label: t('people.resetKeep'), help: t('people.resetKeepHelp') },
      { value: 'end', label: t('people.resetEnd'), help: t('people.resetEndHelp') },
    ],
  });
  if (chosen) await perform(resetPassword(person, chosen === 'end'));
}
