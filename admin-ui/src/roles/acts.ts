import { describe, type Act } from '../acts/act.ts';
import { GrantRoleDocument, WithdrawRoleDocument, type RoleName } from '../graphql/graphql.ts';
import { request } from '../session/request.ts';
import { i18n } from '../words/i18n.ts';

type Named = { id: string; name: string };
const facts = (person: Named, role: RoleName) => ({ name: person.name, role: i18n.global.t(`roles.names.${role}`) });

export const grant = (person: Named, role: RoleName): Act =>
  describe('grant', facts(person, role), {
    perform: (said) =>
      request(GrantRoleDocument, { userId: person.id, role, ...said }).then((answer) => answer.grantRole),
    reason: 'required',
    undo: () => withdraw(person, role),
    targetId: person.id,
  });

export const withdraw = (person: Named, role: RoleName): Act =>
  describe('withdraw', facts(person, role), {
    perform: (said) =>
      request(WithdrawRoleDocument, { userId: person.id, role, ...said }).then((answer) => answer.withdrawRole),
    reason: 'required',
    bad: true,
    undo: () => grant(person, role),
    targetId: person.id,
  });
