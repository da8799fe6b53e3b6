import * as z from 'zod/mini';
import type { ArgBuilder, InputFieldMap } from '@pothos/core';
import { limits } from '@parley/protocol/limits.ts';
import type { Permission } from '@parley/protocol/permissions.ts';
import { optionalText, text } from '@parley/protocol/words.ts';
import type { AuditEntry } from '../kernel/audit-log.ts';
import { authority } from '../kernel/authority.ts';
import type { RowChange } from '../kernel/database.ts';
import { malformed, refusalOf, Refused } from '../kernel/errors.ts';
import { apply, preview } from '../kernel/preview.ts';
import { recordRefusal } from '../kernel/refusals.ts';
import type { Plan, Work } from '../kernel/work.ts';
import type { AdminBuilder, AdminTypes } from './graphql-builder.ts';

/*
 * Every administrative act is one mutation. Asked without a token it runs and is rolled back: the answer is its plan. Asked with the plan's token
 * it runs again, and commits only if it does exactly what the plan said. There is no second implementation and no way around the plan.
 */

type ActResult = { id?: string; link?: string; resetLink?: string };

export type ActSpec<Input> = {
  name: string;
  permission: Permission;
  description: string;
  /** Whether a reason must be given when applying. */
  reason: 'required' | 'optional';
  input: z.ZodMiniObject;
  args: (arg: ArgBuilder<AdminTypes>) => InputFieldMap;
  /** Does it; may answer with the id of what was made, and a link that is shown once. */
  run(work: Work, input: Input, reason: string | null): Promise<ActResult | void>;
};

/** Every act of the schema by name, for the proofs that go through all of them. */
export const acts = new Map<string, ActSpec<never>>();

type Counted = { table: string; op: string; count: number };
type Planned = { kind: 'planned'; token: string; expiresAt: Date; plan: Plan };
type Applied = { kind: 'applied'; plan: Plan; resultId: string | null; link: string | null; resetLink: string | null };
type RefusedAnswer = { kind: 'refused'; code: string; message: string; fault: string };
type Answer = Planned | Applied | RefusedAnswer;

const refs = new WeakMap<AdminBuilder, ReturnType<typeof defineResult>>();

/** Adds one act to the schema. Throws when two have one name. */
export function addAct<Shape extends z.core.$ZodLooseShape>(
  builder: AdminBuilder,
  spec: Omit<ActSpec<z.output<z.ZodMiniObject<Shape>>>, 'input'> & { input: z.ZodMiniObject<Shape> },
): void {
  let result = refs.get(builder);
  if (!result) refs.set(builder, (result = defineResult(builder)));
  acts.set(spec.name, spec as unknown as ActSpec<never>);
  const words = z.extend(spec.input as unknown as z.ZodMiniObject, {
    reason: z.optional(optionalText(limits.reason)),
    previewToken: z.optional(optionalText(40_000)),
  });
  builder.mutationField(spec.name, (t) =>
    t.field({
      type: result,
      description: `${spec.description} Without previewToken this answers with its plan and changes nothing.${spec.reason === 'required' ? ' Applying needs a reason.' : ''}`,
      permission: spec.permission,
      cost: 'act',
      input: words,
      args: { ...spec.args(t.arg as never), reason: t.arg.string(), previewToken: t.arg.string() },
      resolve: (_, said, work) => perform(spec as unknown as ActSpec<unknown>, said as Record<string, unknown>, work),
    }),
  );
}

async function perform(spec: ActSpec<unknown>, said: Record<string, unknown>, work: Work): Promise<Answer> {
  const { reason, previewToken, ...input } = said as { reason?: string; previewToken?: string };
  try {
    if (previewToken === undefined) {
      // A plan is asked for before anybody has thought about a reason.
      const { plan, token, expiresAt } = await preview(
        work.house,
        work.actor,
        spec.name,
        input,
        (act) => spec.run(act, input, reason ?? 'preview'),
        work.doorway,
      );
      return { kind: 'planned', plan, token, expiresAt };
    }
    if (spec.reason === 'required' && !text(limits.reason).safeParse(reason).success)
      throw malformed('reason: say why, for those who read the audit log later');
    const { plan, result } = await apply(
      work.house,
      work.actor,
      spec.name,
      input,
      previewToken,
      async (act) => {
        await act.use(authority).confirm(act, spec.permission);
        return spec.run(act, input, reason ?? null);
      },
      work.doorway,
    );
    const { id = null, link = null, resetLink = null } = result ?? {};
    return { kind: 'applied', plan, resultId: id, link, resetLink };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'forbidden')
      await recordRefusal(work.house, work.actor, `mutation ${spec.name}`, error.message, work.doorway);
    const { code, message, fault } = refusalOf(error, work.doorway.requestId);
    return { kind: 'refused', code, message, fault };
  }
}

function defineResult(builder: AdminBuilder) {
  const Json = 'JSON' as const;
  const Count = builder.objectRef<Counted>('PlanCount').implement({
    description: 'How many rows of one table an act writes.',
    fields: (t) => ({ table: t.exposeString('table'), op: t.exposeString('op'), count: t.exposeInt('count') }),
  });
  const Change = builder.objectRef<RowChange>('PlanChange').implement({
    description: 'One row before and after.',
    fields: (t) => ({
      table: t.exposeString('table'),
      id: t.exposeString('id'),
      op: t.exposeString('op'),
      label: t.string({ resolve: labelOf }),
      before: t.field({ type: Json, nullable: true, resolve: (change) => shown(change.before) }),
      after: t.field({ type: Json, nullable: true, resolve: (change) => shown(change.after) }),
    }),
  });
  const Entry = builder.objectRef<AuditEntry>('PlanEntry').implement({
    description: 'A line of the audit log as the act writes it.',
    fields: (t) => ({
      action: t.exposeString('action'),
      targetKind: t.string({ nullable: true, resolve: (entry) => entry.target?.kind ?? null }),
      targetId: t.string({ nullable: true, resolve: (entry) => entry.target?.id ?? null }),
      targetName: t.string({ nullable: true, resolve: (entry) => entry.target?.name ?? null }),
      before: t.field({ type: Json, nullable: true, resolve: (entry) => entry.before ?? null }),
      after: t.field({ type: Json, nullable: true, resolve: (entry) => entry.after ?? null }),
    }),
  });
  const PlannedAct = builder.objectRef<Planned>('PlannedAct').implement({
    description: 'What the act would do, and the token to do exactly that.',
    fields: (t) => ({
      token: t.exposeString('token'),
      expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
      counts: t.field({ type: [Count], resolve: ({ plan }) => countsOf(plan) }),
      changes: t.field({
        type: [Change],
        description: 'At most 100; the counts have all.',
        resolve: ({ plan }) => plan.changes.slice(0, 100),
      }),
      entries: t.field({ type: [Entry], description: 'At most 100.', resolve: ({ plan }) => plan.audit.slice(0, 100) }),
      events: t.stringList({ resolve: ({ plan }) => [...new Set(plan.events.map((event) => event.type))] }),
    }),
  });
  const AppliedAct = builder.objectRef<Applied>('AppliedAct').implement({
    description: 'The act was done, just as planned.',
    fields: (t) => ({
      counts: t.field({ type: [Count], resolve: ({ plan }) => countsOf(plan) }),
      entryIds: t.idList({
        description: 'The lines of the audit log it wrote.',
        resolve: ({ plan }) => plan.audit.flatMap((entry) => (entry.id === undefined ? [] : [String(entry.id)])),
      }),
      resultId: t.id({ nullable: true, resolve: ({ resultId }) => resultId }),
      inviteLink: t.string({
        nullable: true,
        description: 'Shown this once; nothing keeps it.',
        resolve: ({ link }) => link,
      }),
      resetLink: t.exposeString('resetLink', {
        nullable: true,
        description: 'A link for a new password. Shown this once; nothing keeps it.',
      }),
    }),
  });
  const RefusedAct = builder.objectRef<RefusedAnswer>('RefusedAct').implement({
    description: 'Nothing was changed, and why.',
    fields: (t) => ({
      code: t.exposeString('code'),
      message: t.exposeString('message'),
      fault: t.exposeString('fault'),
    }),
  });
  const names = { planned: 'PlannedAct', applied: 'AppliedAct', refused: 'RefusedAct' } as const;
  return builder.unionType('ActResult', {
    types: [PlannedAct, AppliedAct, RefusedAct],
    resolveType: (answer) => names[(answer as Answer).kind],
  });
}

function countsOf({ changes }: Plan): Counted[] {
  const counted = new Map<string, Counted>();
  for (const { table, op } of changes) {
    const key = `${table} ${op}`;
    const known = counted.get(key);
    if (known) known.count++;
    else counted.set(key, { table, op, count: 1 });
  }
  return [...counted.values()];
}

function labelOf({ table, id, before, after }: RowChange): string {
  const name = (after ?? before)?.['name'];
  return typeof name === 'string' ? name : `${table} ${id}`;
}

/** Rows as people are shown them: what secrets are made of stays where it is. */
function shown(row: Record<string, unknown> | null): Record<string, unknown> | null {
  return (
    row &&
    Object.fromEntries(
      Object.entries(row).filter(([key, value]) => !/hash|token|secret|password/i.test(key) && !Buffer.isBuffer(value)),
    )
  );
}
