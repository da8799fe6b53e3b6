import * as z from 'zod/mini';
import { permissions, type Permission } from '@parley/protocol/permissions.ts';
import { id } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { pageArgs, pageCost, pageWords } from '../doors/graphql-lists.ts';
import { page } from '../users/directory.ts';
import { peopleConnection, PersonType } from '../users/person-type.ts';
import * as access from './access.ts';
import { permissionsOf, roleNames, roles, roleSentences, type Role } from './roles.ts';

const roleName = z.enum(roleNames as [Role, ...Role[]]);
const RoleChange = z.strictObject({ userId: id, role: roleName });
const Holders = z.strictObject({ ...pageWords, role: roleName });

/** Roles in the administrative schema. */
export function accessAdmin(builder: AdminBuilder): void {
  const RoleName = builder.enumType('RoleName', { values: roleNames });
  const PermissionType = builder.objectRef<Permission>('Permission').implement({
    description: 'Something one may be allowed to do.',
    fields: (t) => ({
      name: t.string({ resolve: (name) => name }),
      sentence: t.string({ resolve: (name) => permissions[name] }),
    }),
  });
  const RoleType = builder.objectRef<Role>('Role').implement({
    description: 'A set of permissions a person can hold.',
    fields: (t) => ({
      name: t.field({ type: RoleName, resolve: (role) => role }),
      description: t.string({ resolve: (role) => roleSentences[role] }),
      permissions: t.field({ type: [PermissionType], resolve: (role) => [...roles[role]] }),
      holdersCount: t.loadable({
        type: 'Int',
        load: async (names: Role[], work) => {
          const counts = await access.countHolders(work);
          return names.map((name) => counts.get(name) ?? 0);
        },
        resolve: (role) => role,
      }),
    }),
  });

  const held = {
    load: (ids: string[], work: Parameters<typeof access.rolesOfAll>[0]) =>
      access.rolesOfAll(work, ids).then((all) => ids.map((one) => all.get(one) ?? [])),
  };
  // One statement for all people of a page.
  builder.objectField(PersonType, 'roles', (t) =>
    t.loadableList({ type: RoleName, load: held.load, resolve: ({ id: userId }) => userId }),
  );
  builder.objectField(PersonType, 'permissions', (t) =>
    t.loadableList({
      type: 'String',
      description: 'What their roles allow together.',
      load: (ids: string[], work) =>
        held.load(ids, work).then((all) => all.map((names) => [...permissionsOf(names)].sort())),
      resolve: ({ id: userId }) => userId,
    }),
  );

  builder.queryField('roles', (t) =>
    t.field({
      type: [RoleType],
      description: 'Every role there is.',
      permission: 'roles.read',
      cost: 'list',
      resolve: () => [...roleNames],
    }),
  );
  builder.queryField('roleHolders', (t) =>
    t.field({
      type: peopleConnection(builder),
      description: 'Who holds a role, in order of name.',
      permission: 'roles.read',
      cost: 'list',
      input: Holders,
      args: { ...pageArgs(t.arg), role: t.arg({ type: RoleName, required: true }) },
      complexity: pageCost,
      resolve: (_, args, work) =>
        page(work, { ...(args as z.output<typeof Holders>), query: '', sort: 'NAME', descending: false }),
    }),
  );

  addAct(builder, {
    name: 'grantRole',
    permission: 'roles.manage',
    description: 'Gives a person a role. Nobody grants what they may not do themselves.',
    reason: 'required',
    input: RoleChange,
    args: (arg) => ({ userId: arg.id({ required: true }), role: arg({ type: RoleName, required: true }) }),
    run: (work, { userId, role }, reason) => access.grant(work, userId, role, { reason }),
  });
  addAct(builder, {
    name: 'withdrawRole',
    permission: 'roles.manage',
    description: 'Takes a role away. The last owner stays one.',
    reason: 'required',
    input: RoleChange,
    args: (arg) => ({ userId: arg.id({ required: true }), role: arg({ type: RoleName, required: true }) }),
    run: (work, { userId, role }, reason) => access.withdraw(work, userId, role, { reason: reason! }),
  });
}
