import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { optionalText } from '@parley/protocol/words.ts';
import { FreshnessType } from '../dashboards/freshness-type.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { timeZone } from '../kernel/time-zone.ts';
import { find, type Finding } from './find.ts';
import { overview, type Overview } from './overview.ts';

const Today = z.strictObject({ timeZone: z._default(timeZone, 'UTC') });

/** What the console asks as a whole: its first page and its search box. */
export function consoleAdmin(builder: AdminBuilder): void {
  const Type = builder.objectRef<Overview>('Overview').implement({
    description: 'The state of the house on one page.',
    fields: (t) => ({
      peopleActive: t.exposeInt('peopleActive'),
      guestsActive: t.exposeInt('guestsActive'),
      peopleInvited: t.exposeInt('peopleInvited'),
      peopleSuspended: t.exposeInt('peopleSuspended'),
      bots: t.exposeInt('bots'),
      conversations: t.exposeInt('conversations'),
      messages: t.exposeFloat('messages'),
      messagesToday: t.exposeInt('messagesToday'),
      connectionsNow: t.exposeInt('connectionsNow', { description: 'Open connections to this server.' }),
      sealedPosition: t.exposeFloat('sealedPosition', { description: 'How far the audit log is chained.' }),
      unsealedEntries: t.exposeInt('unsealedEntries'),
      lastCheckpointAt: t.expose('lastCheckpointAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the audit log was last signed.',
      }),
      analytics: t.expose('analytics', { type: FreshnessType }),
      version: t.exposeString('version'),
      startedAt: t.expose('startedAt', { type: 'DateTime' }),
    }),
  });
  builder.queryField('overview', (t) =>
    t.field({
      type: Type,
      description: 'The state of the house; today begins at midnight of the time zone given, or of UTC.',
      permission: 'console.read',
      cost: 'list',
      input: Today,
      args: { timeZone: t.arg.string() },
      complexity: 10,
      resolve: (_, args, work) => overview(work, (args as z.output<typeof Today>).timeZone),
    }),
  );

  const Kind = builder.enumType('FindingKind', { values: ['person', 'department', 'role', 'action', 'page'] as const });
  const Found = builder.objectRef<Finding>('Finding').implement({
    description: 'Something the console’s search found, and may open.',
    fields: (t) => ({
      kind: t.expose('kind', { type: Kind }),
      id: t.exposeID('id'),
      title: t.exposeString('title'),
      detail: t.exposeString('detail'),
    }),
  });
  builder.queryField('find', (t) =>
    t.field({
      type: [Found],
      description: 'The best few people, departments, roles, actions and pages with these words in their names.',
      permission: 'console.read',
      cost: 'list',
      input: z.strictObject({ query: optionalText(limits.query) }),
      args: { query: t.arg.string({ required: true }) },
      complexity: 20,
      resolve: (_, args, work) => find(work, args.query),
    }),
  );
}
