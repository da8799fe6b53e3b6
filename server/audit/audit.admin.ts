import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText, position } from '@parley/protocol/words.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { entryProof, listActions, listEntries, sealState, type AuditLine } from './audit.ts';

const moment = z.pipe(
  z.union([z.date(), z.string()]),
  z.transform((said) => new Date(said)),
);
const Question = z.strictObject({
  first: z._default(z.int().check(z.minimum(1), z.maximum(limits.page)), 50),
  after: z.optional(optionalText(200)),
  actorId: z.optional(id),
  action: z.optional(optionalText(200)),
  outcome: z.optional(z.enum(['done', 'refused'])),
  targetId: z.optional(optionalText(200)),
  from: z.optional(moment),
  to: z.optional(moment),
  text: z.optional(optionalText(200)),
});

/** The audit log in the administrative schema. Reading it is audited. */
export function auditAdmin(builder: AdminBuilder): void {
  const Outcome = builder.enumType('AuditOutcome', { values: ['done', 'refused'] as const });
  const Entry = builder.objectRef<AuditLine>('AuditEntry').implement({
    description: 'One line of the audit log.',
    fields: (t) => ({
      id: t.id({ resolve: (line) => String(line.id) }),
      at: t.expose('at', { type: 'DateTime' }),
      actorId: t.exposeID('actorId', { nullable: true }),
      actorName: t.exposeString('actorName'),
      action: t.exposeString('action'),
      outcome: t.expose('outcome', { type: Outcome }),
      targetKind: t.exposeString('targetKind', { nullable: true }),
      targetId: t.exposeString('targetId', { nullable: true }),
      targetName: t.exposeString('targetName', { nullable: true }),
      before: t.field({ type: 'JSON', nullable: true, resolve: (line) => line.before }),
      after: t.field({ type: 'JSON', nullable: true, resolve: (line) => line.after }),
      reason: t.exposeString('reason', { nullable: true }),
      count: t.exposeInt('count'),
      door: t.exposeString('door', { nullable: true }),
      address: t.exposeString('address', { nullable: true }),
      requestId: t.exposeString('requestId', { nullable: true }),
      position: t.exposeInt('position', {
        nullable: true,
        description: 'Its place in the chain; null until it is sealed, within a second.',
      }),
    }),
  });
  type Page = Awaited<ReturnType<typeof listEntries>>;
  const Entries = builder.objectRef<Page>('AuditEntryConnection').implement({
    fields: (t) => ({
      nodes: t.expose('entries', { type: [Entry] }),
      endCursor: t.exposeString('next', { nullable: true }),
      hasNextPage: t.boolean({ resolve: ({ next }) => next !== null }),
    }),
  });
  builder.queryField('auditEntries', (t) =>
    t.field({
      type: Entries,
      description:
        'The audit log, newest first. `action` is a whole name, or a beginning that ends in a dot. Reading it is audited.',
      permission: 'audit.read',
      input: Question,
      args: {
        first: t.arg.int(),
        after: t.arg.string(),
        actorId: t.arg.id(),
        action: t.arg.string(),
        outcome: t.arg({ type: Outcome }),
        targetId: t.arg.string(),
        from: t.arg({ type: 'DateTime' }),
        to: t.arg({ type: 'DateTime' }),
        text: t.arg.string(),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, first ?? 50) }),
      resolve: (_, args, work) => {
        const { first, after, action, ...filter } = args as z.output<typeof Question>;
        return listEntries(
          work,
          { ...(filter as object), ...(action ? { actions: [action] } : {}) },
          { first, after: after ?? null },
        );
      },
    }),
  );
  builder.queryField('auditActions', (t) =>
    t.stringList({
      description: 'The actions that occur in the log.',
      permission: 'audit.read',
      resolve: (_, _args, work) => listActions(work),
    }),
  );
  builder.queryField('auditProof', (t) =>
    t.field({
      type: 'JSON',
      description: 'What proves one sealed line, for scripts/verify-audit.mjs --proof.',
      permission: 'audit.read',
      input: z.strictObject({ position }),
      args: { position: t.arg.int({ required: true }) },
      resolve: (_, { position: place }, work) => entryProof(work, place),
    }),
  );

  type State = Awaited<ReturnType<typeof sealState>>;
  const Seal = builder.objectRef<State>('AuditSeal').implement({
    description: 'How far the log is chained and signed.',
    fields: (t) => ({
      sealed: t.exposeInt('sealed', { description: 'The last chained position.' }),
      signed: t.exposeInt('signed', { description: 'The last position under a signed checkpoint.' }),
      unsealed: t.exposeInt('unsealed'),
      checkpointAt: t.exposeString('checkpointAt', { nullable: true }),
      keyId: t.exposeString('keyId', { nullable: true }),
    }),
  });
  builder.queryField('auditSeal', (t) =>
    t.field({ type: Seal, permission: 'audit.read', resolve: (_, _args, work) => sealState(work) }),
  );
}
