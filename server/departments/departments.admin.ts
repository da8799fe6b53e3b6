import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, text } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { PersonType } from '../users/person-type.ts';
import * as departments from './departments.ts';

/** Where people belong, in the administrative schema. */
export function departmentsAdmin(builder: AdminBuilder): void {
  const Department = builder.objectRef<{ id: string; path: string[] }>('Department').implement({
    description: 'A department and its place in the tree.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.string({ resolve: ({ path }) => path.at(-1) ?? '' }),
      path: t.exposeStringList('path', { description: 'The names from the top of the tree down to this department.' }),
    }),
  });
  builder.objectField(PersonType, 'department', (t) =>
    t.loadable({
      type: Department,
      nullable: true,
      // One statement for all people of a page.
      load: async (ids: string[], work) => {
        const paths = await departments.pathsOf(work.db, ids);
        return ids.map((each) => ({ id: each, path: paths.get(each) ?? [] }));
      },
      resolve: ({ departmentId }) => departmentId,
    }),
  );
  const Branch = builder.objectRef<departments.DepartmentFacts>('DepartmentBranch').implement({
    description: 'A department of the tree, with how many people are directly in it.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      parentId: t.exposeID('parentId', { nullable: true }),
      peopleCount: t.exposeInt('people'),
    }),
  });
  builder.queryField('departments', (t) =>
    t.field({
      type: [Branch],
      description: 'The whole tree, flat, in order of name.',
      permission: 'people.read',
      resolve: (_, _args, work) => departments.tree(work),
    }),
  );

  addAct(builder, {
    name: 'createDepartment',
    permission: 'departments.manage',
    description: 'Adds a department.',
    reason: 'optional',
    input: z.strictObject({ name: text(limits.name), parentId: z.optional(id) }),
    args: (arg) => ({ name: arg.string({ required: true }), parentId: arg.id() }),
    run: async (work, { name, parentId }) => ({
      id: await departments.create(work, { name, parentId: parentId ?? null }),
    }),
  });
  addAct(builder, {
    name: 'renameDepartment',
    permission: 'departments.manage',
    description: 'Gives a department another name.',
    reason: 'optional',
    input: z.strictObject({ id, name: text(limits.name) }),
    args: (arg) => ({ id: arg.id({ required: true }), name: arg.string({ required: true }) }),
    run: (work, { id: which, name }, reason) => departments.rename(work, which, name, { reason }),
  });
  addAct(builder, {
    name: 'moveDepartment',
    permission: 'departments.manage',
    description: 'Hangs a department, with everything below it, elsewhere in the tree; without parentId at the top.',
    reason: 'optional',
    input: z.strictObject({ id, parentId: z.optional(id) }),
    args: (arg) => ({ id: arg.id({ required: true }), parentId: arg.id() }),
    run: (work, { id: which, parentId }, reason) => departments.move(work, which, parentId ?? null, { reason }),
  });
  addAct(builder, {
    name: 'deleteDepartment',
    permission: 'departments.manage',
    description: 'Removes a department that is empty.',
    reason: 'optional',
    input: z.strictObject({ id }),
    args: (arg) => ({ id: arg.id({ required: true }) }),
    run: (work, { id: which }, reason) => departments.remove(work, which, { reason }),
  });
}
