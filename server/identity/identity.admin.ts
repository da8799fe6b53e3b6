import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import * as devices from './devices.ts';

const Question = z.strictObject({
  userId: z.optional(id),
  first: z._default(z.int().check(z.minimum(1), z.maximum(limits.page)), 50),
  after: z.optional(optionalText(80)),
});

/** Devices and their sessions in the administrative schema. */
export function identityAdmin(builder: AdminBuilder): void {
  const Person = builder
    .objectRef<{ id: string; name: string }>('DevicePerson')
    .implement({ fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') }) });
  const Device = builder.objectRef<devices.AdminDevice>('Device').implement({
    description: 'One place a person is signed in from.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      person: t.field({ type: Person, resolve: ({ userId, userName }) => ({ id: userId, name: userName }) }),
      address: t.exposeString('address', { nullable: true }),
      userAgent: t.exposeString('userAgent', { nullable: true }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime' }),
      connectedNow: t.boolean({
        resolve: ({ id: device, userId }, _args, work) =>
          work.house.broadcast.seatsOf(userId).some((seat) => seat.deviceId === device),
      }),
    }),
  });
  const Devices = builder.objectRef<Awaited<ReturnType<typeof devices.listAll>>>('DeviceConnection').implement({
    fields: (t) => ({
      nodes: t.expose('devices', { type: [Device] }),
      endCursor: t.exposeString('next', { nullable: true }),
      hasNextPage: t.boolean({ resolve: ({ next }) => next !== null }),
    }),
  });
  builder.queryField('devices', (t) =>
    t.field({
      type: Devices,
      description: 'Live devices, last used first; of one person, or of everybody.',
      permission: 'devices.read',
      input: Question,
      args: { userId: t.arg.id(), first: t.arg.int(), after: t.arg.string() },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, first ?? 50) }),
      resolve: (_, args, work) => devices.listAll(work, args as z.output<typeof Question>),
    }),
  );
  addAct(builder, {
    name: 'endDevices',
    permission: 'devices.end',
    description: 'Ends devices at once: their connections close and their tokens are good for nothing.',
    reason: 'required',
    input: z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(500)) }),
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    async run(work, { ids }, reason) {
      for (const each of [...new Set(ids)].sort()) await devices.end(work, each, { reason });
    },
  });
}
