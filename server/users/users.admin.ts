import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, text } from '@parley/protocol/words.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { adminPerson, DirectoryPage, page } from './directory.ts';
import { PersonType } from './person-type.ts';
import * as users from './users.ts';

const PersonAndReason = z.strictObject({ id, reason: text(limits.reason) });

/** People in the administrative schema. */
export function usersAdmin(builder: AdminBuilder): void {
  const Kind = builder.enumType('PersonKind', { values: ['person', 'bot', 'imported', 'guest'] as const });
  const Status = builder.enumType('PersonStatus', { values: ['active', 'invited', 'suspended'] as const });

  builder.objectType(PersonType, {
    description: 'A person, bot, guest, or sender of imported history.',
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      kind: t.expose('kind', { type: Kind }),
      status: t.expose('status', { type: Status }),
      email: t.exposeString('email', { nullable: true }),
      title: t.exposeString('title', { nullable: true }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
      suspendedAt: t.expose('suspendedAt', { type: 'DateTime', nullable: true }),
    }),
  });

  const Viewer = builder.objectRef<{ id: string; permissions: string[] }>('Viewer').implement({
    description: 'Who is asking, and what they may do.',
    fields: (t) => ({ id: t.exposeID('id'), name: t.string({ resolve: (_me, _args, work) => work.actor.name }), permissions: t.exposeStringList('permissions') }),
  });
  builder.queryField('me', (t) => t.field({ type: Viewer, permission: 'signed-in', resolve: (_, _args, work) => ({ id: work.person(), permissions: [...work.actor.permissions].sort() }) }));

  const People = builder.connectionObject({ type: PersonType, name: 'PeopleConnection' });
  builder.queryField('people', (t) =>
    t.field({
      type: People,
      description: 'Everybody in order of name. `query` is any part of a name, or the beginning of an e-mail address.',
      permission: 'users.read',
      input: DirectoryPage,
      args: { first: t.arg.int(), after: t.arg.string(), query: t.arg.string() },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, first ?? 50) }),
      resolve: async (_, args, work) => {
        const { edges, more } = await page(work, args as z.output<typeof DirectoryPage>);
        return { edges, pageInfo: { hasNextPage: more, hasPreviousPage: false, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null } };
      },
    }),
  );

  builder.mutationField('suspendPerson', (t) =>
    t.field({
      type: PersonType,
      description: 'Takes somebody’s access away at once and ends their devices. What they wrote stays.',
      permission: 'users.suspend',
      input: PersonAndReason,
      args: { id: t.arg.id({ required: true }), reason: t.arg.string({ required: true }) },
      resolve: (_, { id, reason }, work) => users.suspend(work, id, { reason }).then(() => adminPerson(work, id)),
    }),
  );
  builder.mutationField('reactivatePerson', (t) =>
    t.field({
      type: PersonType,
      description: 'Gives a suspended person their access back. They sign in anew.',
      permission: 'users.suspend',
      input: PersonAndReason,
      args: { id: t.arg.id({ required: true }), reason: t.arg.string({ required: true }) },
      resolve: (_, { id, reason }, work) => users.reactivate(work, id, { reason }).then(() => adminPerson(work, id)),
    }),
  );
}
