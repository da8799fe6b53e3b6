import type * as z from 'zod/mini';
import type { Declared } from '@parley/protocol/permissions.ts';
import type { Refusal } from '@parley/protocol/errors.ts';
import { mayEnter, type Actor } from '../kernel/actor.ts';
import { forbidden, malformed, refusalOf, Refused, unauthenticated } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { recordRefusal } from '../kernel/refusals.ts';
import { storage } from '../kernel/storage.ts';
import { operations, operationSeconds } from '../kernel/telemetry.ts';
import { inWork, type Doorway, type House, type Work } from '../kernel/work.ts';
import { atCost } from './budgets.ts';
import type { Cost } from './costs.ts';

/**
 * What every door offers: a name, who may enter at all, what it costs, the words it takes, and the one line that does
 * it.
 */
export type Operation<Input = unknown, Output = unknown> = {
  name: string;
  permission: Declared;
  cost: Cost;
  input: { safeParse(value: unknown): { success: true; data: Input } | { success: false; error: z.core.$ZodError } };
  run(work: Work, input: Input): Promise<Output>;
};

export type Outcome<T> = { ok: T; error?: never } | { ok?: never; error: Refusal };

/**
 * The one way in, whatever the door: identified actor, declared cost and permission, valid words, one act. Never
 * throws.
 * 1. A stranger at a closed operation is `unauthenticated`; a person without the permission is `forbidden`, and that refusal is audited.
 * 2. Malformed input is refused with the first faulty place by name; nothing was begun.
 * 3. What the verb refuses travels as it is; a `forbidden` of the verb is audited like the door's own.
 * 4. Anything else is ours: logged in full, answered without detail.
 * Each call is charged to the caller's budget before it is looked at, refused ones too; beyond the budget it is
 * `limited` with a time to wait.
 */
export async function runOperation<I, O>(
  house: House,
  actor: Actor,
  operation: Operation<I, O>,
  raw: unknown,
  doorway: Doorway,
): Promise<Outcome<O>> {
  const requestId = doorway.requestId ?? newId();
  const entered = { ...doorway, requestId };
  const stop = operationSeconds.startTimer({ door: doorway.door });
  try {
    const charged = { cost: operation.cost, input: raw, dropped: {} as O };
    const ok = await atCost(house, { actor, doorway }, charged, async () => {
      if (!mayEnter(actor, operation.permission))
        throw actor.kind === 'stranger'
          ? unauthenticated()
          : forbidden(`This needs the permission ${operation.permission}.`);
      const parsed = operation.input.safeParse(raw);
      if (!parsed.success) throw malformed(sentenceOf(parsed.error));
      return inWork(house, actor, (work) => operation.run(work, parsed.data), { doorway: entered });
    });
    operations.inc({ door: doorway.door, operation: operation.name, outcome: 'ok' });
    return { ok };
  } catch (error) {
    const refusal = refusalOf(error, requestId);
    if (refusal.code === 'storage_full') house.parts.find(storage)?.note(error);
    operations.inc({ door: doorway.door, operation: operation.name, outcome: refusal.code });
    if (refusal.code === 'internal')
      house.log.error({ err: error, door: doorway.door, operation: operation.name, requestId }, 'an operation failed');
    if (error instanceof Refused && error.code === 'forbidden')
      await recordRefusal(house, actor, operation.name, error.message, entered);
    return { error: refusal };
  } finally {
    stop();
  }
}

/** The first faulty place and what was expected there. */
export function sentenceOf(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'The input is malformed.';
  const place = issue.path.map(String).join('.').slice(0, 100);
  const said = issue.message.slice(0, 300);
  return place ? `${place}: ${said}` : said;
}
