import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText, text } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { adminPerson } from './directory.ts';
import { listPeople, peopleSorts, PeopleQuestion, type PeoplePage } from './people.ts';
import { PersonType } from './person-type.ts';
import * as users from './users.ts';

/** So many people one act may take on: its plan is still something a person reads. */
const mostAtOnce = 500;
const People = z.strictObject({ ids: z.array(id).check(z.minLength(1), z.maxLength(mostAtOnce)) });
const Edit = z.strictObject({
  id,
  name: z.optional(text(limits.name)),
  title: z.optional(optionalText(limits.name)),
  locale: z.optional(z.enum(['en', 'zh-CN'])),
  departmentId: z.optional(id),
});

/** People in the administrative schema. */
export function usersAdmin(builder: AdminBuilder): void {
  const Kind = builder.enumType('PersonKind', { values: ['person', 'bot', 'imported', 'guest'] as const });
  const Status = builder.enumType('PersonStatus', { values: ['active', 'invited', 'suspended'] as const });
  const Sort = builder.enumType('PeopleSort', { values: peopleSorts });

  builder.objectType(PersonType, {
    description: 'A person, bot, guest, or sender of imported history.',
    fields: (t) => ({
      id: t.exposeID('id'),
      number: t.exposeInt('number'),
      name: t.exposeString('name'),
      kind: t.expose('kind', { type: Kind }),
      status: t.expose('status', { type: Status }),
      email: t.exposeString('email', { nullable: true }),
      title: t.exposeString('title', { nullable: true }),
      locale: t.exposeString('locale'),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      suspendedAt: t.expose('suspendedAt', { type: 'DateTime', nullable: true }),
    }),
  });

  const Viewer = builder.objectRef<{ id: string; permissions: string[] }>('Viewer').implement({
    description: 'Who is asking, and what they may do.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.string({ resolve: (_me, _args, work) => work.actor.name }),
      permissions: t.exposeStringList('permissions'),
    }),
  });
  builder.queryField('me', (t) =>
    t.field({
      type: Viewer,
      permission: 'signed-in',
      resolve: (_, _args, work) => ({ id: work.person(), permissions: [...work.actor.permissions].sort() }),
    }),
  );

  const Edge = builder
    .objectRef<PeoplePage['edges'][number]>('PeopleEdge')
    .implement({ fields: (t) => ({ node: t.expose('node', { type: PersonType }), cursor: t.exposeString('cursor') }) });
  const Info = builder.objectRef<PeoplePage>('PeoplePageInfo').implement({
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('more'),
      hasPreviousPage: t.boolean({ resolve: () => false }),
      startCursor: t.string({ nullable: true, resolve: ({ edges }) => edges[0]?.cursor ?? null }),
      endCursor: t.string({ nullable: true, resolve: ({ edges }) => edges.at(-1)?.cursor ?? null }),
    }),
  });
  const Connection = builder.objectRef<PeoplePage>('PeopleConnection').implement({
    description: 'A page of people.',
    fields: (t) => ({
      edges: t.expose('edges', { type: [Edge] }),
      pageInfo: t.field({ type: Info, resolve: (page) => page }),
      totalCount: t.exposeInt('total', { description: 'At most 100,000 are counted.' }),
    }),
  });
  builder.queryField('people', (t) =>
    t.field({
      type: Connection,
      description:
        'Everybody the filters leave. `query` is any part of a name, or the beginning of an e-mail address; a department stands for its subtree.',
      permission: 'users.read',
      input: PeopleQuestion,
      args: {
        first: t.arg.int(),
        after: t.arg.string(),
        query: t.arg.string(),
        status: t.arg({ type: Status }),
        kind: t.arg({ type: Kind }),
        departmentId: t.arg.id(),
        role: t.arg.string(),
        sort: t.arg({ type: Sort }),
        descending: t.arg.boolean(),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, first ?? 50) }),
      resolve: (_, args, work) => listPeople(work, args as PeopleQuestion),
    }),
  );
  builder.queryField('person', (t) =>
    t.field({
      type: PersonType,
      permission: 'users.read',
      input: z.strictObject({ id }),
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id: asked }, work) => adminPerson(work, asked),
    }),
  );

  addAct(builder, {
    name: 'suspendPeople',
    permission: 'users.suspend',
    description: 'Takes people’s access away at once and ends their devices. What they wrote stays.',
    reason: 'required',
    input: People,
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    async run(work, { ids }, reason) {
      for (const each of [...new Set(ids)].sort()) await users.suspend(work, each, { reason: reason ?? '' });
    },
  });
  addAct(builder, {
    name: 'reactivatePeople',
    permission: 'users.suspend',
    description: 'Gives suspended people their access back. They sign in anew.',
    reason: 'required',
    input: People,
    args: (arg) => ({ ids: arg.idList({ required: true }) }),
    async run(work, { ids }, reason) {
      for (const each of [...new Set(ids)].sort()) await users.reactivate(work, each, { reason: reason ?? '' });
    },
  });
  addAct(builder, {
    name: 'editPerson',
    permission: 'users.edit',
    description: 'Changes a person’s name, title, language or department.',
    reason: 'optional',
    input: Edit,
    args: (arg) => ({
      id: arg.id({ required: true }),
      name: arg.string(),
      title: arg.string(),
      locale: arg.string(),
      departmentId: arg.id(),
    }),
    run: (work, { id: who, ...change }, reason) =>
      users.edit(work, who, change as Parameters<typeof users.edit>[2], { reason }),
  });
}
