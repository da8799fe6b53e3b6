import { createHash } from 'node:crypto';
import type { AuditEntry } from './audit-log.ts';
import type { Plan } from './work.ts';

/*
 * Comparing what one act would do with what it did a moment ago: plans as sets, without what differs by nature, and in words where they differ.
 */

export type PlainPlan = { changes: unknown[]; audit: unknown[]; events: unknown[] };

/** Row fields that differ by nature: times of writing and places in streams. */
const byNature = new Set(['createdAt', 'updatedAt', 'created_at', 'updated_at', 'head', 'rev', 'urev', 'lastSeenAt']);

/**
 * The plan without what differs by nature between two runs of one act: ids made by it become their order of appearance in a table, moments become "a time",
 * places in streams and the reason (given only when applying) are left out.
 */
export function normalise(plan: Plan): PlainPlan {
  const plain = plainer(plan);
  return {
    changes: inOrder(plan.changes.map(({ table, id, op, before, after }) => plain({ table, id, op, before, after }))),
    audit: inOrder(plan.audit.map((entry) => plain(withoutReason(entry)))),
    events: inOrder(plan.events.map(({ type, payload }) => plain({ type, payload }))),
  };
}

/** Rewrites values so that those of two runs compare. */
function plainer(plan: Plan): (value: unknown) => unknown {
  const fresh = new Map<string, string>();
  // An id of an inserted row (a membership's, a grant's) may name things that were there before: those keep their names.
  const made = new Map<string, number>();
  for (const { table, op, id } of plan.changes) {
    if (op !== 'insert' || !isId(id)) continue;
    made.set(table, (made.get(table) ?? 0) + 1);
    fresh.set(id, `new in ${table}: ${made.get(table)}`);
  }
  const renamed = (text: string) =>
    fresh.get(text) ??
    text
      .split(':')
      .map((part) => fresh.get(part) ?? part)
      .join(':');
  const plain = (value: unknown): unknown => {
    if (value instanceof Date) return 'a time';
    if (typeof value === 'string') return renamed(value);
    if (Buffer.isBuffer(value)) return 'bytes';
    if (Array.isArray(value)) return value.map(plain);
    if (!value || typeof value !== 'object') return value;
    const told = Object.entries(value).filter(([key, inner]) => !byNature.has(key) && inner !== undefined);
    return Object.fromEntries(told.map(([key, inner]) => [key, plain(inner)]));
  };
  return plain;
}

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
const withoutReason = ({ reason: _reason, id: _id, ...entry }: AuditEntry) => entry;

/** A statement that changes many rows names them in no order: a plan is a set. */
const inOrder = (parts: unknown[]): unknown[] =>
  parts
    .map((part) => ({ part, key: canonical(part) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ part }) => part);

/** So many things of a plan have a digest of their own, so that a refusal can name which of them moved. */
const mostNamed = 120;
/** Characters of a name that are kept with it. */
const nameLength = 40;

/** What a plan is about: rows it changes and targets of its audit entries, each with a digest and, where it has one, its name. */
export type Things = Record<string, [digest: string, name?: string]>;

export function thingsOf(plan: Plan): Things {
  const plain = plainer(plan);
  const parts = new Map<string, { parts: unknown[]; name: unknown }>();
  const put = (key: string, part: unknown, name: unknown) => {
    const known = parts.get(key);
    if (known) known.parts.push(plain(part));
    else parts.set(key, { parts: [plain(part)], name });
  };
  for (const entry of plan.audit) {
    const { kind, id, name } = entry.target ?? {};
    if (kind && id !== undefined) put(`${kind} ${plain(id) as string}`, withoutReason(entry), name);
  }
  for (const { table, id, op, before, after } of plan.changes)
    put(`${table} ${plain(id) as string}`, { op, before, after }, (after ?? before)?.['name']);
  return Object.fromEntries(
    [...parts].slice(0, mostNamed).map(([key, { parts: told, name }]) => {
      const digest = digestOf(inOrder(told)).slice(0, 12);
      return [key, typeof name === 'string' ? [digest, name.slice(0, nameLength)] : [digest]];
    }),
  );
}

/** Names at most three things that differ, by their names where they have one. */
export function whatMoved(then: Things, today: Things): string {
  const moved = [...new Set([...Object.keys(then), ...Object.keys(today)])].filter(
    (key) => then[key]?.[0] !== today[key]?.[0],
  );
  const named = new Map<string, string>();
  for (const key of moved) {
    const [before, after] = [then[key]?.[1], today[key]?.[1]];
    const name = before ?? after;
    if (name === undefined || named.has(name)) continue;
    named.set(
      name,
      `${name}${after !== undefined && after !== name ? `, now ${after}` : ''} (${key.slice(0, key.indexOf(' '))})`,
    );
  }
  if (named.size > 0) return listed([...named.values()]);
  return moved.length > 0 ? listed(moved) : 'something among the many things it is about';
}

/** The names a plan was about, for a sentence. */
export const namesIn = (things: Things): string =>
  listed([...new Set(Object.values(things).flatMap(([, name]) => (name === undefined ? [] : [name])))]);

const listed = (parts: string[]) =>
  parts.length > 3 ? `${parts.slice(0, 3).join(', ')} and ${parts.length - 3} more` : parts.join(', ');

export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
