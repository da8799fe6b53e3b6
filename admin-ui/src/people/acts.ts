import { describe, type Act } from '../acts/act.ts';
import {
  EditPersonDocument,
  InviteAgainDocument,
  InvitePersonDocument,
  ReactivatePeopleDocument,
  ResetPasswordDocument,
  SuspendPeopleDocument,
  type EditPersonMutationVariables,
  type InvitePersonMutationVariables,
} from '../graphql/graphql.ts';
import { request } from '../session/request.ts';

type Named = { id: string; name: string };

const about = (people: Named[]) => ({ name: people[0]?.name ?? '', count: people.length });
const target = (people: Named[]) => (people.length === 1 ? { targetId: people[0]!.id } : {});

export function suspend(people: Named[]): Act {
  const ids = people.map(({ id }) => id);
  return describe('suspend', about(people), {
    perform: (said) => request(SuspendPeopleDocument, { ids, ...said }).then((answer) => answer.suspendPeople),
    reason: 'required',
    bad: true,
    undo: () => reactivate(people),
    ...target(people),
  });
}

export function reactivate(people: Named[]): Act {
  const ids = people.map(({ id }) => id);
  return describe('reactivate', about(people), {
    perform: (said) => request(ReactivatePeopleDocument, { ids, ...said }).then((answer) => answer.reactivatePeople),
    reason: 'required',
    undo: () => suspend(people),
    ...target(people),
  });
}

export const edit = (name: string, change: EditPersonMutationVariables): Act =>
  describe(
    'edit',
    { name },
    {
      perform: (said) => request(EditPersonDocument, { ...change, ...said }).then((answer) => answer.editPerson),
      targetId: String(change.id),
    },
  );

export const invite = (guest: InvitePersonMutationVariables): Act =>
  describe(
    'invite',
    { name: guest.name },
    {
      perform: (said) => request(InvitePersonDocument, { ...guest, ...said }).then((answer) => answer.invitePerson),
    },
  );

export const inviteAgain = ({ id, name }: Named): Act =>
  describe(
    'inviteAgain',
    { name },
    {
      perform: (said) => request(InviteAgainDocument, { id, ...said }).then((answer) => answer.inviteAgain),
      targetId: id,
    },
  );

export const resetPassword = ({ id, name }: Named, endAccess: boolean): Act =>
  describe(
    'resetPassword',
    { name },
    {
      perform: (said) =>
        request(ResetPasswordDocument, { id, endAccess, ...said }).then((answer) => answer.resetPassword),
      lead: endAccess ? 'leadEndAccess' : 'lead',
      reason: 'required',
      bad: endAccess,
      targetId: id,
    },
  );
