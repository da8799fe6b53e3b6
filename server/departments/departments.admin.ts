import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, name as nameOf } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { notFound } from '../kernel/errors.ts';
import { PersonType } from '../users/person-type.ts';
import * as departments from './departments.ts';
import { allDepartments, countPeople, departmentsByIds, type Department, type HeadCount } from './tree.ts';

/** An empty id stands for the top of the tree: an argument left out and one given as null are the same to a client. */
const place = z.optional(z.union([id, z.literal('')]));
const name = nameOf(limits.name);

/** The tree of departments, and where a person belongs, in the administrative schema. */
export function departmentsAdmin(builder: AdminBuilder): void {
  const counted = (count: (counts: HeadCount) => number, description: string) => ({
    type: 'Int' as const,
    description,
    load: async (ids: string[], work: Parameters<typeof countPeople>[0]) => {
      const counts = await countPeople(work);
      return ids.map((one) => count(counts.get(one) ?? { own: 0, below: 0 }));
    },
    resolve: ({ id: departmentId }: Department) => departmentId,
  });
  const Type = builder.objectRef<Department>('Department').implement({
    description: 'A department and its place in the tree.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      parentId: t.exposeID('parentId', { nullable: true }),
      path: t.loadableList({
        type: 'String',
        description: 'The names from the top of the tree down to this department.',
        load: async (ids: string[], work) => {
          const paths = await departments.pathsOf(work.db, ids);
          return ids.map((one) => paths.get(one) ?? []);
        },
        resolve: ({ id: departmentId }) => departmentId,
      }),
      peopleCount: t.loadable(counted(({ own }) => own, 'People of this department itself.')),
      peopleBelow: t.loadable(counted(({ below }) => below, 'People of this department and of all below it.')),
    }),
  });
  builder.objectField(PersonType, 'department', (t) =>
    t.loadable({
      type: Type,
      nullable: true,
      // One statement for all people of a page.
      load: async (ids: string[], work) => {
        const found = await departmentsByIds(work, ids);
        return ids.map((one) => found.get(one) ?? notFound('department'));
      },
      resolve: ({ departmentId }) => departmentId,
    }),
  );
  builder.queryField('departments', (t) =>
    t.field({
      type: [Type],
      description: 'The whole tree, flat, in order of name.',
      permission: 'users.read',
      cost: 'list',
      complexity: 10,
      resolve: (_, _args, work) => allDepartments(work),
    }),
  );

  addAct(builder, {
    name: 'createDepartment',
    permission: 'departments.manage',
    description: 'Adds a department, at the top or below another.',
    reason: 'optional',
    input: z.strictObject({ name, parentId: place }),
    args: (arg) => ({ name: arg.string({ required: true }), parentId: arg.id() }),
    run: async (work, { name: called, parentId }, reason) => ({
      id: await departments.create(work, { name: called, parentId: parentId || null }, { reason }),
    }),
  });
  addAct(builder, {
    name: 'renameDepartment',
    permission: 'departments.manage',
    description: 'Gives a department another name.',
    reason: 'optional',
    input: z.strictObject({ id, name }),
    args: (arg) => ({ id: arg.id({ required: true }), name: arg.string({ required: true }) }),
    run: (work, { id: departmentId, name: called }, reason) =>
      departments.rename(work, departmentId, called, { reason }),
  });
  addAct(builder, {
    name: 'moveDepartment',
    permission: 'departments.manage',
    description: 'Hangs a department, with all below it, under another; without one, at the top.',
    reason: 'optional',
    input: z.strictObject({ id, parentId: place }),
    args: (arg) => ({ id: arg.id({ required: true }), parentId: arg.id() }),
    run: (work, { id: departmentId, parentId }, reason) =>
      departments.move(work, departmentId, parentId || null, { reason }),
  });
  addAct(builder, {
    name: 'deleteDepartment',
    permission: 'departments.manage',
    description:
      'Deletes an empty department. With moveUp its people and the departments below it go to the one above first.',
    reason: 'required',
    input: z.strictObject({ id, moveUp: z._default(z.boolean(), false) }),
    args: (arg) => ({ id: arg.id({ required: true }), moveUp: arg.boolean() }),
    run: (work, { id: departmentId, moveUp }, reason) =>
      departments.remove(work, departmentId, { moveUp, reason: reason! }),
  });
}
