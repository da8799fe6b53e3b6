import { describe, type Act } from '../acts/act.ts';
import {
  CreateDepartmentDocument,
  DeleteDepartmentDocument,
  MoveDepartmentDocument,
  RenameDepartmentDocument,
} from '../graphql/graphql.ts';
import { request } from '../session/request.ts';
import { i18n } from '../words/i18n.ts';

type Named = { id: string; name: string };

export const createDepartment = (name: string, parentId: string): Act =>
  describe(
    'createDepartment',
    { name },
    {
      perform: (said) =>
        request(CreateDepartmentDocument, { name, parentId, ...said }).then((answer) => answer.createDepartment),
    },
  );

export const renameDepartment = ({ id, name: before }: Named, name: string): Act =>
  describe(
    'renameDepartment',
    { name: before, to: name },
    {
      perform: (said) =>
        request(RenameDepartmentDocument, { id, name, ...said }).then((answer) => answer.renameDepartment),
      undo: () => renameDepartment({ id, name }, before),
      targetId: id,
    },
  );

/** `to`: where it hangs afterwards; null is the top. */
export function moveDepartment({ id, name }: Named, to: Named | null, from: Named | null): Act {
  return describe(
    'moveDepartment',
    { name, to: to?.name ?? i18n.global.t('departments.top') },
    {
      perform: (said) =>
        request(MoveDepartmentDocument, { id, parentId: to?.id ?? '', ...said }).then(
          (answer) => answer.moveDepartment,
        ),
      undo: () => moveDepartment({ id, name }, from, to),
      targetId: id,
    },
  );
}

/** `moveUp`: what is in it goes to the department above first. */
export const deleteDepartment = ({ id, name }: Named, moveUp: boolean): Act =>
  describe(
    'deleteDepartment',
    { name },
    {
      lead: moveUp ? 'leadUp' : 'lead',
      perform: (said) =>
        request(DeleteDepartmentDocument, { id, moveUp, ...said }).then((answer) => answer.deleteDepartment),
      reason: 'required',
      bad: true,
      targetId: id,
    },
  );
