type Facts = Record<string, unknown>;
export type Difference = { field: string; before: unknown; after: unknown };

/** Facts no reader decides by: places in streams, moments of writing, and who writes, which is whoever reads the plan. */
const byNature = new Set([
  'id',
  'head',
  'rev',
  'urev',
  'number',
  'updatedAt',
  'updated_at',
  'createdAt',
  'created_at',
  'sourceKey',
  'source_key',
  'progress',
  'total',
  'byId',
  'madeAt',
  'grantedBy',
  'grantedAt',
  'invitedBy',
  'result',
  'fileNeeds',
  'movedAt',
]);

const facts = (value: unknown): Facts | null =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Facts) : null;
const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * What differs between two states of a thing, by field. Of a thing that is new or gone all facts that say something; what differs by nature is
 * left out, unless nothing else is there.
 */
export function differences(before: unknown, after: unknown): Difference[] {
  const [then, now] = [facts(before), facts(after)];
  const fields = [...new Set([...Object.keys(then ?? {}), ...Object.keys(now ?? {})])];
  return fields
    .map((field) => ({ field, before: then?.[field] ?? null, after: now?.[field] ?? null }))
    .filter((one) => !same(one.before, one.after))
    .filter(({ field }) => !byNature.has(field));
}
