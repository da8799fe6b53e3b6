import { useI18n } from 'vue-i18n';
import { useRouter } from 'vue-router';
import { perform } from '../acts/perform.ts';
import { type PersonLineFragment } from '../graphql/graphql.ts';
import { may } from '../may.ts';
import { askToGrant } from '../roles/grant.ts';
import { me } from '../session/arrive.ts';
import { only, type MenuAct } from '../ui/menu.ts';
import { askToReset } from './reset-password.ts';
import { inviteAgain, reactivate, suspend } from './acts.ts';

/** What the reader may do with a person, in the order of a menu. */
export function usePersonActs() {
  const { t } = useI18n();
  const router = useRouter();
  return (person: PersonLineFragment): MenuAct[] =>
    only([
      may('users.edit') &&
        person.kind !== 'imported' && {
          title: t('people.edit'),
          run: () => void router.push({ name: 'edit-person', params: { id: person.id } }),
        },
      may('roles.manage') &&
        person.kind !== 'imported' && { title: t('people.grant'), run: () => void askToGrant(person) },
      may('users.invite') &&
        person.status === 'invited' && { title: t('people.inviteAgain'), run: () => void perform(inviteAgain(person)) },
      may('users.resetPassword') &&
        person.status === 'active' &&
        (person.kind === 'person' || person.kind === 'guest') &&
        person.id !== me.value?.id && { title: t('people.resetPassword'), run: () => void askToReset(person) },
      may('audit.read') && {
        title: t('people.audit'),
        run: () => void router.push({ name: 'audit', query: { target: person.id } }),
      },
      may('users.suspend') &&
        person.status === 'suspended' && {
          title: t('people.reactivate'),
          run: () => void perform(reactivate([person])),
          divided: true,
        },
      may('users.suspend') &&
        person.status !== 'suspended' &&
        person.id !== me.value?.id && {
          title: t('people.suspend'),
          run: () => void perform(suspend([person])),
          divided: true,
          bad: true,
        },
    ]);
}
