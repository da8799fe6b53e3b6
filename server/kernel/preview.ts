import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Actor } from './actor.ts';
import { now } from './clock.ts';
import type { RowChange } from './database.ts';
import { malformed, Refused } from './errors.ts';
import { partKey } from './parts.ts';
import { runWork, type Doorway, type House, type Plan, type Work } from './work.ts';

/*
 * A preview is the act itself, rolled back. What it would have done is its plan; the token names the plan, so that applying does exactly that
 * or nothing. The token holds no secret and needs no storage: it is signed, and whoever applies it runs the act again and compares.
 */

/** The key tokens are signed with, derived from the installation's secret. */
export const previewKey = partKey<Buffer>('preview.key');

/** A token is good this long: long enough to read a plan and give a reason, short enough that nobody finds one lying about. */
export const tokenLife = 15 * 60_000;
/** So many changed things have a digest of their own in the token; beyond that a refusal says only that the plan moved. */
const namedEntities = 200;

export type Previewed<T> = { result: T; plan: Plan; token: string; expiresAt: Date };

type TokenBody = {
  actor: string;
  verb: string;
  args: string;
  expires: number;
  digest: string;
  entities: Record<string, string>;
};

/** Runs the act, rolls it back, and returns what it would do with a token to apply exactly that. */
export async function preview<T>(
  house: House,
  actor: Actor,
  verb: string,
  args: unknown,
  act: (work: Work) => Promise<T>,
  doorway?: Doorway,
): Promise<Previewed<T>> {
  const { result, plan } = await runWork(house, actor, act, { preview: true, ...(doorway ? { doorway } : {}) });
  const plain = normalise(plan);
  const expires = now() + tokenLife;
  const body: TokenBody = {
    actor: actor.id ?? actor.name,
    verb,
    args: digestOf(withoutReason(args)),
    expires,
    digest: digestOf(plain),
    entities: entitiesOf(plain),
  };
  return { result, plan, token: sign(house.parts.use(previewKey), body), expiresAt: new Date(expires) };
}

/**
 * Applies a previewed act. The act runs again; when what it is about to commit is not what the token promised, everything is rolled back and
 * the refusal (`moved`) names what is different now. A token of somebody else, of another act, altered or expired is `malformed` or `moved`.
 */
export async function apply<T>(
  house: House,
  actor: Actor,
  verb: string,
  args: unknown,
  token: string,
  act: (work: Work) => Promise<T>,
  doorway?: Doorway,
): Promise<{ result: T; plan: Plan }> {
  const promised = open(house.parts.use(previewKey), token);
  if (
    promised.actor !== (actor.id ?? actor.name) ||
    promised.verb !== verb ||
    promised.args !== digestOf(withoutReason(args))
  ) {
    throw malformed('previewToken: was given for another act or to somebody else. Preview this act first.');
  }
  if (promised.expires < now())
    throw new Refused('moved', 'The preview is older than 15 minutes. Look at the plan again before applying it.');
  return runWork(house, actor, act, {
    ...(doorway ? { doorway } : {}),
    previewToken: promised.digest,
    judge(plan) {
      const plain = normalise(plan);
      if (digestOf(plain) !== promised.digest)
        throw new Refused(
          'moved',
          `Since the preview, this changed: ${whatMoved(promised.entities, entitiesOf(plain), plan)}. Look at the new plan.`,
        );
    },
  });
}

type PlainPlan = { changes: unknown[]; audit: unknown[]; events: unknown[]; entities: Map<string, unknown[]> };

/** Row fields that differ by nature: times of writing and places in streams. */
const byNature = new Set(['createdAt', 'updatedAt', 'created_at', 'updated_at', 'head', 'rev', 'urev', 'lastSeenAt']);

/**
 * The plan without what differs by nature between two runs of one act: ids made by it become their order of appearance, moments become "a time",
 * places in streams and the reason (given only when applying) are left out.
 */
export function normalise(plan: Plan): PlainPlan {
  const fresh = new Map<string, string>();
  for (const { op, id } of plan.changes) {
    if (op === 'insert')
      for (const part of id.split(':'))
        if (!fresh.has(part) && !isKnownElsewhere(plan, part)) fresh.set(part, `new ${fresh.size + 1}`);
  }
  const plain = (value: unknown): unknown => {
    if (value instanceof Date) return 'a time';
    if (typeof value === 'string')
      return (
        fresh.get(value) ??
        value
          .split(':')
          .map((part) => fresh.get(part) ?? part)
          .join(':')
      );
    if (Buffer.isBuffer(value)) return 'bytes';
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === 'object')
      return Object.fromEntries(
        Object.entries(value)
          .filter(([key, inner]) => !byNature.has(key) && inner !== undefined)
          .map(([key, inner]) => [key, plain(inner)]),
      );
    return value;
  };
  const entities = new Map<string, unknown[]>();
  const changes = inOrder(
    plan.changes.map(({ table, id, op, before, after }) => {
      const change = { table, id: plain(id), op, before: plain(before), after: plain(after) };
      const key = `${table} ${change.id as string}`;
      entities.set(key, [...(entities.get(key) ?? []), change]);
      return change;
    }),
  );
  return {
    changes,
    audit: inOrder(plan.audit.map(({ reason: _reason, id: _id, ...entry }) => plain(entry))),
    events: inOrder(plan.events.map((event) => plain({ type: event.type, payload: event.payload }))),
    entities,
  };
}

/** A statement that changes many rows names them in no order: a plan is a set. */
const inOrder = (parts: unknown[]): unknown[] =>
  parts
    .map((part) => ({ part, key: canonical(part) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ part }) => part);

/** An id of an inserted row (a membership's, a grant's) may name things that were there before: those keep their names. */
function isKnownElsewhere(plan: Plan, id: string): boolean {
  if (!/^[0-9a-f-]{36}$/.test(id)) return true;
  return !plan.changes.some((change) => change.op === 'insert' && change.id === id);
}

function entitiesOf(plain: PlainPlan): Record<string, string> {
  return Object.fromEntries(
    [...plain.entities].slice(0, namedEntities).map(([key, changes]) => [key, digestOf(changes).slice(0, 16)]),
  );
}

/** Names at most three things that differ, by their names where they have one. */
function whatMoved(then: Record<string, string>, today: Record<string, string>, plan: Plan): string {
  const keys = [...new Set([...Object.keys(then), ...Object.keys(today)])].filter((key) => then[key] !== today[key]);
  if (keys.length === 0) return 'what the act would record about it';
  const labels = keys.slice(0, 3).map((key) => labelOf(key, plan.changes));
  return keys.length > 3 ? `${labels.join(', ')} and ${keys.length - 3} more` : labels.join(', ');
}

function labelOf(key: string, changes: RowChange[]): string {
  const [table, id] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
  const change = changes.find((candidate) => candidate.table === table && candidate.id === id);
  const name = (change?.after ?? change?.before)?.['name'];
  return typeof name === 'string' ? `${name} (${table})` : `${table} ${id}`;
}

/** The reason is written when applying, after the plan was read. */
function withoutReason(args: unknown): unknown {
  if (!args || typeof args !== 'object') return args;
  const { reason: _reason, previewToken: _token, ...rest } = args as Record<string, unknown>;
  return rest;
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

function canonical(value: unknown): string {
  if (value instanceof Map) return canonical([...value]);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function sign(key: Buffer, body: TokenBody): string {
  const text = Buffer.from(JSON.stringify(body)).toString('base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

function open(key: Buffer, token: string): TokenBody {
  const [text = '', signature = ''] = token.split('.');
  const expected = createHmac('sha256', key).update(text).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw malformed('previewToken: is not a token this server gave.');
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as TokenBody;
}
