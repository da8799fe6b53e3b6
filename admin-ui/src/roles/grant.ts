import { perform } from '../acts/perform.ts';
import { FindPeopleDocument, type RoleName } from '../graphql/graphql.ts';
import { roles } from '../people/usePeopleList.ts';
import { request } from '../session/request.ts';
import { ask } from '@parley/look/ask.ts';
import ChooseDialog from '../ui/ChooseDialog.vue';
import { i18n } from '../words/i18n.ts';
import { grant } from './acts.ts';

const { t } = i18n.global;

/** Asks which role somebody gets, then about the act. */
export async function askToGrant(person: { id: string; name: string; roles: RoleName[] }) {
  const options = roles
    .filter((role) => !person.roles.includes(role))
    .map((role) => ({ value: role, label: t(`roles.names.${role}`), help: t(`roles.sentences.${role}`) }));
  const role = await ask<RoleName>(ChooseDialog, { title: t('roles.chooseRole', { name: person.name }), options });
  if (role) await perform(grant(person, role));
}

/** Asks who gets a role, then about the act. */
export async function askWhoGets(role: RoleName) {
  const found = new Map<string, string>();
  const search = async (query: string) => {
    const { findPeople } = await request(FindPeopleDocument, { query: query || null });
    for (const { id, name } of findPeople) found.set(id, name);
    return findPeople.map(({ id, name, email, title }) => ({
      value: id,
      label: name,
      detail: [title, email].filter(Boolean).join(' · '),
    }));
  };
  const id = await ask<string>(ChooseDialog, {
    title: t('roles.choosePerson', { role: t(`roles.names.${role}`) }),
    search,
  });
  if (id) await perform(grant({ id, name: found.get(id)! }, role));
}
