import type { FieldMap, ObjectFieldBuilder, ObjectRef } from '@pothos/core';
import * as z from 'zod/mini';
import { optionalText, pageSize } from '@parley/protocol/words.ts';
import type { AdminBuilder, AdminTypes } from './graphql-builder.ts';

/*
 * Lists of the administrative schema are Relay connections over a page of rows and the cursor of each.
 */

/** A page of rows. `total` counts all that match, and is asked only when somebody wants to know. */
export type Listing<T> = { edges: { node: T; cursor: string }[]; more: boolean; total?: () => Promise<number> };

/** The words every list takes. */
export const pageWords = { first: z._default(pageSize, 50), after: z.optional(optionalText(2_000)) };

/** The arguments every list takes. */
export const pageArgs = (arg: { int(): unknown; string(): unknown }) =>
  ({ first: arg.int(), after: arg.string() }) as { first: never; after: never };

/** What a list costs: as many times what a row costs as the page may hold rows. */
export const pageCost = (args: { first?: number | null | undefined }) => ({
  field: 1,
  multiplier: Math.max(1, args.first ?? 50),
});

type Connection = ObjectRef<AdminTypes, Listing<never>>;
const made = new WeakMap<AdminBuilder, Map<string, Connection>>();

type Options<L> = {
  /** Gives it a `totalCount`. */
  total?: boolean;
  /** What the list itself says beside its rows. */
  fields?: (t: ObjectFieldBuilder<AdminTypes, L>) => FieldMap;
};

/** The connection type of a node type, made once a schema. */
export function connectionOf<T, L extends Listing<T> = Listing<T>>(
  builder: AdminBuilder,
  type: ObjectRef<AdminTypes, T>,
  name: string,
  options: Options<L> = {},
): ObjectRef<AdminTypes, L> {
  const known = made.get(builder) ?? new Map<string, Connection>();
  made.set(builder, known);
  const found = known.get(name);
  if (found) return found as unknown as ObjectRef<AdminTypes, L>;
  const Edge = builder.objectRef<{ node: T; cursor: string }>(`${name}Edge`).implement({
    fields: (t) => ({
      cursor: t.exposeString('cursor'),
      node: t.field({ type: type as ObjectRef<AdminTypes, unknown>, resolve: ({ node }) => node as never }),
    }),
  });
  const Page = builder.objectRef<L>(`${name}Connection`).implement({
    fields: (t) => ({
      edges: t.field({ type: [Edge], resolve: ({ edges }) => edges }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        resolve: ({ edges, more }) => ({
          hasNextPage: more,
          hasPreviousPage: false,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        }),
      }),
      ...(options.total
        ? { totalCount: t.int({ description: 'How many match in all.', resolve: ({ total }) => total!() }) }
        : {}),
      ...options.fields?.(t),
    }),
  });
  known.set(name, Page as unknown as Connection);
  return Page;
}

/** A page out of one row more than asked for. */
export function listingOf<Row, T>(
  rows: readonly Row[],
  first: number,
  node: (row: Row) => T,
  cursor: (row: Row) => string,
  total?: () => Promise<number>,
): Listing<T> {
  return {
    edges: rows.slice(0, first).map((row) => ({ node: node(row), cursor: cursor(row) })),
    more: rows.length > first,
    ...(total ? { total } : {}),
  };
}
