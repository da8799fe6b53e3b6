import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, text } from '@parley/protocol/words.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { adminPerson } from '../users/directory.ts';
import { PersonType } from '../users/person-type.ts';
import * as access from './access.ts';
import { roleNames, type Role } from './roles.ts';

const RoleChange = z.strictObject({ id, role: z.enum(roleNames as [Role, ...Role[]]), reason: text(limits.reason) });

/** Roles in the administrative schema. */
export function accessAdmin(builder: AdminBuilder): void {
  const RoleName = builder.enumType('Role', { values: roleNames });
  builder.objectField(PersonType, 'roles', (t) =>
    t.loadableList({
      type: RoleName,
      // One statement for all people of a page.
      load: async (ids: string[], work) => {
        const held = await access.rolesOfAll(work, ids);
        return ids.map((id) => held.get(id) ?? []);
      },
      resolve: ({ id }) => id,
    }),
  );

  builder.mutationField('grantRole', (t) =>
    t.field({
      type: PersonType,
      description: 'Gives a person a role. Nobody grants what they may not do themselves.',
      permission: 'roles.manage',
      input: RoleChange,
      args: { id: t.arg.id({ required: true }), role: t.arg({ type: RoleName, required: true }), reason: t.arg.string({ required: true }) },
      resolve: (_, { id, role, reason }, work) => access.grant(work, id, role, { reason }).then(() => adminPerson(work, id)),
    }),
  );
  builder.mutationField('withdrawRole', (t) =>
    t.field({
      type: PersonType,
      description: 'Takes a role away. The last owner stays one.',
      permission: 'roles.manage',
      input: RoleChange,
      args: { id: t.arg.id({ required: true }), role: t.arg({ type: RoleName, required: true }), reason: t.arg.string({ required: true }) },
      resolve: (_, { id, role, reason }, work) => access.withdraw(work, id, role, { reason }).then(() => adminPerson(work, id)),
    }),
  );
}
