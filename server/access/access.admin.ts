import * as z from 'zod/mini';
import { permissions } from '@parley/protocol/permissions.ts';
import { id } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { PersonType } from '../users/person-type.ts';
import * as access from './access.ts';
import { roleNames, roles, type Role } from './roles.ts';

const RoleChange = z.strictObject({ id, role: z.enum(roleNames as [Role, ...Role[]]) });

/** Roles in the administrative schema. */
export function accessAdmin(builder: AdminBuilder): void {
  const RoleName = builder.enumType('Role', { values: roleNames });
  builder.objectField(PersonType, 'roles', (t) =>
    t.loadableList({
      type: RoleName,
      // One statement for all people of a page.
      load: async (ids: string[], work) => {
        const held = await access.rolesOfAll(work, ids);
        return ids.map((each) => held.get(each) ?? []);
      },
      resolve: ({ id: who }) => who,
    }),
  );

  const Allowed = builder
    .objectRef<{ name: string; sentence: string }>('Permission')
    .implement({ fields: (t) => ({ name: t.exposeString('name'), sentence: t.exposeString('sentence') }) });
  const RoleFacts = builder.objectRef<{ name: Role; holders: number }>('RoleFacts').implement({
    description: 'A role, what it allows, and how many hold it.',
    fields: (t) => ({
      name: t.expose('name', { type: RoleName }),
      holdersCount: t.exposeInt('holders'),
      permissions: t.field({
        type: [Allowed],
        resolve: ({ name }) =>
          roles[name].map((permission) => ({ name: permission, sentence: permissions[permission] })),
      }),
    }),
  });
  builder.queryField('roles', (t) =>
    t.field({ type: [RoleFacts], permission: 'roles.read', resolve: (_, _args, work) => access.holders(work) }),
  );

  addAct(builder, {
    name: 'grantRole',
    permission: 'roles.manage',
    description: 'Gives a person a role. Nobody grants what they may not do themselves.',
    reason: 'required',
    input: RoleChange,
    args: (arg) => ({ id: arg.id({ required: true }), role: arg({ type: RoleName, required: true }) }),
    run: (work, { id: who, role }, reason) => access.grant(work, who, role, { reason }),
  });
  addAct(builder, {
    name: 'withdrawRole',
    permission: 'roles.manage',
    description: 'Takes a role away. The last owner stays one.',
    reason: 'required',
    input: RoleChange,
    args: (arg) => ({ id: arg.id({ required: true }), role: arg({ type: RoleName, required: true }) }),
    run: (work, { id: who, role }, reason) => access.withdraw(work, who, role, { reason: reason ?? '' }),
  });
}
