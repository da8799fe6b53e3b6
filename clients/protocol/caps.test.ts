import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { calls } from './catalogue.ts';
import { Refresh, SetUp, SignIn } from './identity.ts';

/*
 * Every text and list a door takes has a cap, and one more is refused. The words say so themselves: whoever adds a field without a cap fails here.
 */

type Schema = {
  type?: string;
  anyOf?: Schema[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: unknown;
  propertyNames?: unknown;
  maxLength?: number;
  minLength?: number;
  maxItems?: number;
  minItems?: number;
  pattern?: string;
  minimum?: number;
};

const taken = {
  ...calls,
  'POST /api/session': SignIn,
  'POST /api/session/refresh': Refresh,
  'POST /api/set-up': SetUp,
};
const uuid = '01a20ac5-1e19-7342-bbff-c3acc2ac8c78';

/** A value the words take, and no more of it than they ask for. */
function valueFor(schema: Schema): unknown {
  if (schema.anyOf) return valueFor(schema.anyOf[0]!);
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'string') return textOf(schema, Math.max(1, schema.minLength ?? 1));
  if (schema.type === 'array') return Array.from({ length: schema.minItems ?? 0 }, () => valueFor(schema.items ?? {}));
  if (schema.type === 'boolean') return true;
  if (schema.type === 'object')
    return Object.fromEntries((schema.required ?? []).map((name) => [name, valueFor(schema.properties![name]!)]));
  return schema.minimum ?? 1;
}

function textOf({ pattern }: Schema, length: number): string {
  if (pattern?.includes('[0-9a-f]{8}')) return uuid;
  if (pattern?.includes('@')) return `${'a'.repeat(Math.max(1, length - 4))}@b.c`;
  return 'a'.repeat(length);
}

/** The capped fields of one call: where, the smallest value too much, and none where a cap is missing. */
function overfull(schema: Schema): { place: string; value: unknown }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([place, field]): { place: string; value: unknown }[] => {
    const inner = field.anyOf?.find((one) => one.type !== 'null') ?? field;
    if (inner.type === 'string' && !inner.enum && !inner.pattern?.includes('[0-9a-f]{8}'))
      return [{ place, value: inner.maxLength === undefined ? null : textOf(inner, inner.maxLength + 1) }];
    if (inner.type === 'array')
      return [
        {
          place,
          value:
            inner.maxItems === undefined
              ? null
              : Array.from({ length: inner.maxItems + 1 }, () => valueFor(inner.items ?? {})),
        },
      ];
    return [];
  });
}

test.each(Object.entries(taken))('%s: every text and list has a cap, and one more is refused', (_name, words) => {
  const schema = z.toJSONSchema(words, { io: 'input', unrepresentable: 'any' }) as Schema;
  const least = valueFor(schema) as Record<string, unknown>;
  expect(words.safeParse(least).success, JSON.stringify(least)).toBe(true);
  for (const { place, value } of overfull(schema)) {
    expect(value, `${place} has a cap`).not.toBeNull();
    expect(words.safeParse({ ...least, [place]: value }).success, `${place} beyond its cap`).toBe(false);
  }
  expect(words.safeParse({ ...least, constructor: 1, isAdmin: true }).success, 'an unknown property').toBe(false);
});
