import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { addAct } from '../doors/graphql-acts.ts';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { connectionOf, pageArgs, pageCost, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import { inWork, type Work } from '../kernel/work.ts';
import { PersonType } from '../users/person-type.ts';
import {
  entryProof,
  listActions,
  listEntries,
  oneEntry,
  publicKeys,
  sealState,
  type AuditFilter,
  type AuditLine,
} from './audit.ts';
import { beginExport } from './export-task.ts';
import { type ExportAsked } from './export.ts';

const entryId = z.string().check(z.regex(/^\d{1,15}$/, 'must be the id of an audit entry'));
const EntriesPage = z.strictObject({
  ...pageWords,
  actorId: z.optional(id),
  action: z.optional(optionalText(limits.name)),
  outcome: z.optional(z.enum(['done', 'refused'])),
  targetId: z.optional(optionalText(limits.name)),
  from: z.optional(z.date()),
  to: z.optional(z.date()),
  text: z.optional(optionalText(limits.name)),
});
const position = z.optional(z.int().check(z.minimum(1), z.maximum(Number.MAX_SAFE_INTEGER)));

/** The audit log in the administrative schema. */
export function auditAdmin(builder: AdminBuilder): void {
  const Outcome = builder.enumType('AuditOutcome', { values: ['done', 'refused'] as const });
  const Actor = builder.objectRef<AuditLine>('AuditActor').implement({
    description: 'Who did it: a person, or with no id the house itself.',
    fields: (t) => ({
      id: t.id({ nullable: true, resolve: ({ actorId }) => actorId }),
      name: t.string({ resolve: ({ actorName }) => actorName }),
    }),
  });
  const Target = builder.objectRef<AuditLine>('AuditTarget').implement({
    description: 'What it was done to.',
    fields: (t) => ({
      kind: t.string({ resolve: ({ targetKind }) => targetKind ?? '' }),
      id: t.id({ resolve: ({ targetId }) => targetId ?? '' }),
      name: t.string({ nullable: true, resolve: ({ targetName }) => targetName }),
    }),
  });
  const Entry = builder.objectRef<AuditLine>('AuditEntry').implement({
    description: 'One line of the audit log.',
    fields: (t) => ({
      id: t.id({ resolve: (line) => String(line.id) }),
      at: t.expose('at', { type: 'DateTime' }),
      actor: t.field({ type: Actor, resolve: (line) => line }),
      action: t.exposeString('action'),
      outcome: t.expose('outcome', { type: Outcome }),
      target: t.field({ type: Target, nullable: true, resolve: (line) => (line.targetId === null ? null : line) }),
      before: t.expose('before', { type: 'JSON', nullable: true }),
      after: t.expose('after', { type: 'JSON', nullable: true }),
      reason: t.exposeString('reason', { nullable: true }),
      count: t.exposeInt('count', { description: 'How often: repeated refusals of one minute are one line.' }),
      door: t.exposeString('door', { nullable: true }),
      address: t.exposeString('address', { nullable: true }),
      requestId: t.exposeString('requestId', { nullable: true }),
      position: t.exposeFloat('position', {
        nullable: true,
        description: 'Its place in the chain; null until it is sealed, within a second.',
      }),
      hash: t.exposeString('hash', { nullable: true, description: 'The chained hash, in hex.' }),
    }),
  });
  const Proof = builder.objectRef<Awaited<ReturnType<typeof entryProof>>>('AuditProof').implement({
    description: 'What proves one entry to somebody who trusts only a public key.',
    fields: (t) => ({
      position: t.exposeFloat('position'),
      checkpoint: t.exposeInt('checkpoint', { description: 'The number of the signed statement that covers it.' }),
      holds: t.exposeBoolean('holds', {
        description: 'Whether the entry as it stands is what was signed. When not, the log was altered.',
      }),
      text: t.exposeString('text', { description: 'The file scripts/verify-audit.mjs --proof reads.' }),
    }),
  });
  const Seal = builder.objectRef<Awaited<ReturnType<typeof sealState>>>('AuditState').implement({
    description: 'How far the log is sealed and signed.',
    fields: (t) => ({
      sealed: t.exposeFloat('sealed'),
      signed: t.exposeFloat('signed'),
      unsealed: t.exposeInt('unsealed'),
      unsealedSince: t.expose('unsealedSince', { type: 'DateTime', nullable: true }),
      checkpointAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ checkpointAt }) => (checkpointAt ? new Date(checkpointAt) : null),
      }),
      keyId: t.exposeString('keyId', { nullable: true }),
    }),
  });

  const Key = builder.objectRef<Awaited<ReturnType<typeof publicKeys>>[number]>('AuditKey').implement({
    description: 'A public key of the audit log.',
    fields: (t) => ({
      id: t.exposeString('id', { description: 'The first 16 bytes of the SHA-256 of its 32 bytes, in hex.' }),
      pem: t.exposeString('pem', { description: 'The file scripts/verify-audit.mjs --key reads.' }),
      current: t.exposeBoolean('current', { description: 'Whether new entries are signed with it.' }),
    }),
  });

  builder.queryField('auditEntries', (t) =>
    t.field({
      type: connectionOf(builder, Entry, 'AuditEntry'),
      description:
        'The audit log, newest first. `action` is a whole name, or a beginning that ends in a dot; `text` is looked for in names, reasons, actions, targets and addresses. Reading it is audited.',
      permission: 'audit.read',
      cost: 'list',
      input: EntriesPage,
      args: {
        ...pageArgs(t.arg),
        actorId: t.arg.id(),
        action: t.arg.string(),
        outcome: t.arg({ type: Outcome }),
        targetId: t.arg.id(),
        from: t.arg({ type: 'DateTime' }),
        to: t.arg({ type: 'DateTime' }),
        text: t.arg.string(),
      },
      complexity: pageCost,
      resolve: (_, args, work) => {
        const { first, after, action, ...filter } = args as z.output<typeof EntriesPage>;
        return page(work, { ...(filter as AuditFilter), ...(action ? { actions: [action] } : {}) }, first, after);
      },
    }),
  );
  builder.queryField('auditEntry', (t) =>
    t.field({
      type: Entry,
      nullable: true,
      description: 'One line of the audit log, wherever a link to it comes from. Reading it is audited.',
      permission: 'audit.read',
      cost: 'list',
      input: z.strictObject({ id: entryId }),
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, args, work) => oneEntry(work, Number(args.id)),
    }),
  );
  builder.queryField('auditKeys', (t) =>
    t.field({
      type: [Key],
      description: 'The public keys the log was ever signed with, for those who check it; the latest last.',
      permission: 'audit.read',
      cost: 'list',
      resolve: (_, _args, work) => publicKeys(work),
    }),
  );
  builder.queryField('auditActions', (t) =>
    t.stringList({
      description: 'The actions that occur in the log.',
      permission: 'audit.read',
      cost: 'list',
      resolve: (_, _args, work) => listActions(work),
    }),
  );
  builder.queryField('auditState', (t) =>
    t.field({ type: Seal, permission: 'audit.read', cost: 'read', resolve: (_, _args, work) => sealState(work) }),
  );
  builder.queryField('auditProof', (t) =>
    t.field({
      type: Proof,
      nullable: true,
      description:
        'The proof of one entry; null when there is no such entry or it is not sealed yet. One that is sealed and not yet signed is a conflict: within a minute it will be.',
      permission: 'audit.read',
      cost: 'list',
      input: z.strictObject({ id: entryId }),
      args: { id: t.arg.id({ required: true }) },
      complexity: 20,
      resolve: async (_, args, work) => {
        const [entry] = await work.sql<{ position: number | null }>(
          'select position from audit_entries where id = $1',
          [Number(args.id)],
        );
        return entry?.position ? entryProof(work, entry.position) : null;
      },
    }),
  );
  builder.objectField(PersonType, 'entries', (t) =>
    t.field({
      type: [Entry],
      nullable: true,
      description:
        'The latest ten lines of the audit log about them. Reading them is audited, so this costs an act a person.',
      complexity: 100,
      resolve: ({ id: targetId }, _args, { house, actor, doorway }) =>
        inWork(house, actor, (act) => listEntries(act, { targetId }, { first: 10 }).then(({ entries }) => entries), {
          doorway,
        }),
    }),
  );

  addAct(builder, {
    name: 'exportAudit',
    permission: 'audit.read',
    description:
      'Begins an export of the audit log that scripts/verify-audit.mjs can check; resultId is its task. The range is given by positions, both included, or by times, `until` not among them; it is widened to whole checkpoints.',
    reason: 'required',
    input: z.strictObject({ from: position, to: position, since: z.optional(z.date()), until: z.optional(z.date()) }),
    args: (arg) => ({
      from: arg.float(),
      to: arg.float(),
      since: arg({ type: 'DateTime' }),
      until: arg({ type: 'DateTime' }),
    }),
    run: async (work, asked, reason) => ({ id: await beginExport(work, asked as ExportAsked, { reason }) }),
  });
}

async function page(
  work: Work,
  filter: AuditFilter,
  first: number,
  after: string | undefined,
): Promise<Listing<AuditLine>> {
  const inner = after === undefined ? null : placeOf<[string]>(work, 'audit', after)[0];
  const { entries, next } = await listEntries(work, filter, { first, after: inner });
  return {
    edges: entries.map((line) => ({ node: line, cursor: cursorAt(work, 'audit', [line.cursor]) })),
    more: next !== null,
  };
}
