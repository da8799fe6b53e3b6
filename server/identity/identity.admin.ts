import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { emailAddress, id, name, optionalName } from '@parley/protocol/words.ts';
import { roleNames, type Role } from '../access/roles.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { connectionOf, pageArgs, pageCost } from '../doors/graphql-lists.ts';
import { peopleInOrder } from '../users/directory.ts';
import { PersonType } from '../users/person-type.ts';
import * as devices from './devices.ts';
import * as invitations from './invitations.ts';
import * as resets from './password-resets.ts';
import { devicesOf, DevicesPage, page, type AdminDevice } from './device-list.ts';

const Guest = z.strictObject({
  name: name(limits.name),
  email: emailAddress(limits.email),
  title: z.optional(optionalName(limits.name)),
  departmentId: z.optional(z.union([id, z.literal('')])),
  roles: z._default(
    z.array(z.enum(roleNames as [Role, ...Role[]])).check(z.minLength(1), z.maxLength(roleNames.length)),
    ['member'],
  ),
});

/** Devices, sessions and invitations in the administrative schema. */
export function identityAdmin(builder: AdminBuilder): void {
  const Device = builder.objectRef<AdminDevice>('Device').implement({
    description: 'One place somebody is signed in from.',
    fields: (t) => ({
      id: t.exposeID('id'),
      person: t.loadable({
        type: PersonType,
        load: (ids: string[], work) => peopleInOrder(work, ids),
        resolve: ({ userId }) => userId,
      }),
      name: t.exposeString('name'),
      address: t.exposeString('address', { nullable: true }),
      userAgent: t.exposeString('userAgent', { nullable: true }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime' }),
      endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
      bound: t.exposeBoolean('bound', {
        description: 'Whether its tokens count only with a key of the device, so that a copied one is worthless.',
      }),
      refreshRepeats: t.exposeInt('refreshRepeats', {
        description:
          'How often its previous refresh token was shown again: an answer was lost on the way, two tabs asked at once, or the token was copied.',
      }),
      refreshRepeatedAt: t.expose('refreshRepeatedAt', { type: 'DateTime', nullable: true }),
      refreshRepeatedFrom: t.exposeString('refreshRepeatedFrom', { nullable: true }),
      connectedNow: t.boolean({
        description: 'Whether it has an open connection to this server.',
        resolve: ({ id: deviceId, userId }, _args, work) =>
          work.house.broadcast.seatsOf(userId).some((seat) => seat.deviceId === deviceId),
      }),
    }),
  });
  builder.objectField(PersonType, 'devices', (t) =>
    t.loadableList({
      type: Device,
      description: 'Where they are signed in, last used first, at most 20.',
      nullable: true,
      load: async (ids: string[], work) => {
        const found = await devicesOf(work, ids);
        return ids.map((one) => found.get(one) ?? []);
      },
      resolve: ({ id: userId }) => userId,
    }),
  );
  builder.queryField('devices', (t) =>
    t.field({
      type: connectionOf(builder, Device, 'Device', { total: true }),
      description:
        'Where everybody, or one person, is signed in; last used first. `text` is looked for in names, addresses and browsers.',
      permission: 'devices.read',
      cost: 'list',
      input: DevicesPage,
      args: { ...pageArgs(t.arg), userId: t.arg.id(), text: t.arg.string(), idleDays: t.arg.int() },
      complexity: pageCost,
      resolve: (_, args, work) => page(work, args as z.output<typeof DevicesPage>),
    }),
  );

  addAct(builder, {
    name: 'invitePerson',
    permission: 'users.invite',
    description:
      'Brings somebody in. AppliedAct.inviteLink is the one-time link to hand to them, good for a week; where the server does not know its public address it begins with /.',
    reason: 'optional',
    input: Guest,
    args: (arg) => ({
      name: arg.string({ required: true }),
      email: arg.string({ required: true }),
      title: arg.string(),
      departmentId: arg.id(),
      roles: arg.stringList(),
    }),
    run: (work, { title, departmentId, ...guest }, reason) =>
      invitations.invite(work, { ...guest, title: title?.trim() || null, departmentId: departmentId || null, reason }),
  });
  addAct(builder, {
    name: 'inviteAgain',
    permission: 'users.invite',
    description: 'Makes a new link for somebody who was invited and has not come; older links open nothing any more.',
    reason: 'optional',
    input: z.strictObject({ id }),
    args: (arg) => ({ id: arg.id({ required: true }) }),
    run: (work, { id: userId }, reason) => invitations.inviteAgain(work, userId, { reason }),
  });
  addAct(builder, {
    name: 'resetPassword',
    permission: 'users.resetPassword',
    description:
      'Makes a one-time link with which a person chooses a new password, good for a day; older links open nothing any more. AppliedAct.resetLink is the link to hand to them. The old password works until then; with endAccess it and every device end now.',
    reason: 'required',
    input: z.strictObject({ id, endAccess: z._default(z.boolean(), false) }),
    args: (arg) => ({ id: arg.id({ required: true }), endAccess: arg.boolean() }),
    run: (work, { id: userId, endAccess }, reason) => resets.makeLink(work, userId, { endAccess, reason }),
  });
  addAct(builder, {
    name: 'endDevices',
    permission: 'devices.end',
    description: 'Ends sessions at once: their connections close, and whoever sat there signs in anew.',
    reason: 'required',
    input: z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(limits.people)) }),
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    run: (work, { ids }, reason) => devices.endAll(work, ids, { reason: reason! }),
  });
}
