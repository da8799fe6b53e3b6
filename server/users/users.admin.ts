import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, name, optionalName, optionalText } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { pageArgs, pageCost } from '../doors/graphql-lists.ts';
import {
  adminPeople,
  adminPerson,
  best,
  DirectoryPage,
  kindsOfPeople,
  page,
  peopleSorts,
  statuses,
  type DirectoryQuestion,
} from './directory.ts';
import { peopleConnection, PersonType } from './person-type.ts';
import * as users from './users.ts';

const One = z.strictObject({ id });
const Find = z.strictObject({
  query: z._default(optionalText(limits.query), ''),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(50)), 12),
});
const Many = z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(limits.people)) });
const Edit = z.strictObject({
  id,
  name: z.optional(name(limits.name)),
  title: z.optional(optionalName(limits.name)),
  departmentId: z.optional(z.union([id, z.literal('')])),
  locale: z.optional(z.enum(users.locales)),
});

/** People in the administrative schema. */
export function usersAdmin(builder: AdminBuilder): void {
  const Kind = builder.enumType('PersonKind', { values: kindsOfPeople });
  const Status = builder.enumType('PersonStatus', { values: statuses });
  const Sort = builder.enumType('PeopleSort', { values: peopleSorts });

  builder.objectType(PersonType, {
    description: 'A person, bot, guest, or sender of imported history.',
    fields: (t) => ({
      id: t.exposeID('id'),
      number: t.exposeInt('number', { description: 'A dense number beside the id.' }),
      name: t.exposeString('name'),
      kind: t.expose('kind', { type: Kind }),
      status: t.expose('status', { type: Status }),
      email: t.exposeString('email', { nullable: true }),
      title: t.exposeString('title', { nullable: true }),
      locale: t.exposeString('locale'),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      suspendedAt: t.expose('suspendedAt', { type: 'DateTime', nullable: true }),
      lastSeenAt: t.expose('lastSeenAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When a device of theirs last renewed its session.',
      }),
    }),
  });

  builder.queryField('me', (t) =>
    t.field({
      type: PersonType,
      description: 'Who is asking.',
      permission: 'signed-in',
      cost: 'read',
      resolve: (_, _args, work) => adminPerson(work, work.person()),
    }),
  );

  builder.queryField('people', (t) =>
    t.field({
      type: peopleConnection(builder),
      description:
        'All people the filters leave. Each word of `query` begins a word of the name, its pinyin or initials, the e-mail address, the title or the department; a department stands for its subtree. Senders of imported history are left out unless `kind` asks for them.',
      permission: 'users.read',
      cost: 'list',
      input: DirectoryPage,
      args: {
        ...pageArgs(t.arg),
        query: t.arg.string(),
        status: t.arg({ type: Status }),
        kind: t.arg({ type: Kind }),
        departmentId: t.arg.id(),
        role: t.arg.string(),
        sort: t.arg({ type: Sort, defaultValue: 'NAME' }),
        descending: t.arg.boolean({ defaultValue: false }),
      },
      complexity: pageCost,
      resolve: (_, args, work) => page(work, args as DirectoryQuestion),
    }),
  );

  builder.queryField('findPeople', (t) =>
    t.field({
      type: [PersonType],
      description: 'People who match `query` as in `people`, the best match first, for choosing one.',
      permission: 'users.read',
      cost: 'people',
      input: Find,
      args: { query: t.arg.string(), limit: t.arg.int({ defaultValue: 12 }) },
      complexity: ({ limit }) => ({ field: 5, multiplier: limit ?? 12 }),
      resolve: (_, { query, limit }, work) => best(work, query ?? '', limit ?? 12),
    }),
  );

  builder.queryField('person', (t) =>
    t.field({
      type: PersonType,
      nullable: true,
      description: 'One person, or null.',
      permission: 'users.read',
      cost: 'list',
      input: One,
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_, args, work) => (await adminPeople(work, [args.id]))[0] ?? null,
    }),
  );

  addAct(builder, {
    name: 'editPerson',
    permission: 'users.edit',
    description:
      'Changes somebody’s name, title, department or language. What is not given stays; an empty title or department takes it away.',
    reason: 'optional',
    input: Edit,
    args: (arg) => ({
      id: arg.id({ required: true }),
      name: arg.string(),
      title: arg.string(),
      departmentId: arg.id(),
      locale: arg.string(),
    }),
    run: (work, { id: userId, ...change }, reason) => users.edit(work, userId, change, { reason }),
  });
  addAct(builder, {
    name: 'suspendPeople',
    permission: 'users.suspend',
    description: 'Takes people’s access away at once and ends their devices. What they wrote stays.',
    reason: 'required',
    input: Many,
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    run: (work, { ids }, reason) => users.suspendAll(work, ids, { reason: reason! }),
  });
  addAct(builder, {
    name: 'reactivatePeople',
    permission: 'users.suspend',
    description: 'Gives suspended people their access back. They sign in anew.',
    reason: 'required',
    input: Many,
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    run: (work, { ids }, reason) => users.reactivateAll(work, ids, { reason: reason! }),
  });
}
