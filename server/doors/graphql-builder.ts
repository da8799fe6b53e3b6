import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import RelayPlugin from '@pothos/plugin-relay';
import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';
import type * as z from 'zod/mini';
import type { Declared } from '@parley/protocol/permissions.ts';
import { malformed, refusalOf } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import type { Cost } from './costs.ts';
import { graphqlLimits } from './graphql-limits.ts';
import { runOperation, type Operation } from './operation.ts';

/*
 * How the administrative schema is built: code first, each module its own nouns. A root field is an operation like any other: it declares who
 * may enter, what it costs and the words it takes, and it runs in one act. Fields below a root read outside any act,
 * through loaders of the request.
 */

/** What every root field says about itself. */
export type RootDeclaration = {
  /** Who may enter at all. `everyone` must be spelled. */
  permission: Declared;
  /** What the operation costs its caller. */
  cost: Cost;
  /** The words of the arguments, which GraphQL's own types only begin to check. Needed as soon as there are arguments. */
  input?: z.ZodMiniType;
};

declare global {
  // oxlint-disable-next-line no-namespace -- this is where Pothos looks for the options of its plugins
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      declaration: DeclarationPlugin<Types>;
    }
    interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type,
      Nullable,
      Args,
      ResolveReturnShape,
    > extends RootDeclaration {}
    interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type,
      Nullable,
      Args,
      ResolveReturnShape,
    > extends RootDeclaration {}
  }
}

/** The third argument of every resolver is the act (of a root field) or a reading one (below). */
export type AdminTypes = PothosSchemaTypes.ExtendDefaultTypes<{
  Context: Work;
  DefaultFieldNullability: false;
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    ID: { Input: string; Output: string };
  };
}>;

export type AdminBuilder = PothosSchemaTypes.SchemaBuilder<AdminTypes>;
/** What a module adds to the schema. */
export type AdminPart = (builder: AdminBuilder) => void;

/** Builds the schema of these parts. Throws, and so stops the boot, when a root field declares no permission or takes unchecked arguments. */
export function buildAdminSchema(parts: readonly AdminPart[]): GraphQLSchema {
  const builder = new SchemaBuilder<AdminTypes>({
    // Cost is judged before anything runs: the first plugin is the outermost.
    plugins: [ComplexityPlugin, 'declaration', RelayPlugin, DataloaderPlugin],
    defaultFieldNullability: false,
    relay: { nodeQueryOptions: false, nodesQueryOptions: false, cursorType: 'String' },
    complexity: {
      // Lists without a page are short by nature (the roles of a person); pages say themselves how many rows they hold.
      defaultListMultiplier: 1,
      limit: { complexity: graphqlLimits.cost, depth: graphqlLimits.depth, breadth: graphqlLimits.breadth },
      complexityError: (kind) => refusing(malformed(`The query asks for too much at once (${kind.toLowerCase()}).`)),
    },
  });
  builder.addScalarType('DateTime', GraphQLDateTimeISO);
  builder.addScalarType('JSON', GraphQLJSON);
  builder.queryType({});
  builder.mutationType({});
  for (const part of parts) part(builder);
  return builder.toSchema();
}

/** A refusal as GraphQL carries it; the door adds the request's name. */
export function refusing(error: unknown): GraphQLError {
  const { requestId: _none, ...refusal } = refusalOf(error, '');
  return new GraphQLError(refusal.message, { extensions: refusal });
}

const roots: Partial<Record<string, string>> = { Query: 'query', Mutation: 'mutation', Subscription: 'subscription' };
const anything = { safeParse: (data: unknown) => ({ success: true as const, data }) };

/** Makes an operation of every root field; refuses to build one that says too little about itself. */
class DeclarationPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (!roots[field.kind]) return field;
    const { permission, cost, input } = declarationOf(field);
    if (!permission) throw new Error(`${field.kind}.${field.name} declares no permission`);
    if (!cost) throw new Error(`${field.kind}.${field.name} declares no cost`);
    if (!input && Object.keys(field.args).length > 0)
      throw new Error(`${field.kind}.${field.name} takes arguments and does not say in which words`);
    return field;
  }

  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const kind = roots[field.kind];
    if (!kind) return resolve;
    const { permission, cost, input } = declarationOf(field);
    return async (parent, args, context, info) => {
      const reading = context as Work;
      const operation: Operation = {
        name: `${kind} ${field.name}`,
        permission,
        cost,
        input: (input ?? anything) as Operation['input'],
        run: async (work, said) => resolve(parent, said as object, work, info) as unknown,
      };
      const { ok, error } = await runOperation(reading.house, reading.actor, operation, withoutNulls(args), {
        ...reading.doorway,
        admitted: true,
      });
      if (error) throw new GraphQLError(error.message, { extensions: { ...error } });
      return ok;
    };
  }
}

const declarationOf = (field: { pothosOptions: object }) =>
  field.pothosOptions as Partial<RootDeclaration> as RootDeclaration;

/** An argument given as null is one not given: clients send both. */
const withoutNulls = (args: object): object =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));

SchemaBuilder.registerPlugin('declaration' as never, DeclarationPlugin as never);
