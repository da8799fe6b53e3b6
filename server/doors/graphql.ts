import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import express, { type Request, type RequestHandler, type Response } from 'express';
import {
  GraphQLError,
  Kind,
  lexicographicSortSchema,
  printSchema,
  visit,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { stranger } from '../kernel/actor.ts';
import { forbidden, httpStatus, malformed, Refused, refusalOf, unauthenticated } from '../kernel/errors.ts';
import { recordRefusal } from '../kernel/refusals.ts';
import { inWork, type House, type Work } from '../kernel/work.ts';
import { answerRefusal, judgeThrown, requestIdOf } from './answers.ts';
import { budgets, type Payer } from './budgets.ts';
import { costs } from './costs.ts';
import { refusing } from './graphql-builder.ts';
import { graphqlLimits } from './graphql-limits.ts';
import { bodyOf, callerOf, doorwayOf } from './http.ts';
import { sentenceOf } from './operation.ts';
import { addressOf } from './origin.ts';

export type GraphqlDoor = { handler: RequestHandler; start(): Promise<void>; stop(): Promise<void> };

export type GraphqlDoorOptions = {
  house: House;
  schema: GraphQLSchema;
  config: { production: boolean; trustProxy: number };
};

/**
 * The GraphQL door: one operation a POST, JSON only.
 * 1. Who calls is settled before a document is read; each root field then judges by its own permission, and refusals are audited.
 * 2. A document is charged to its caller's budget and waits for one of the caller's few places; its fields pay as they
 *    run (budgets.ts).
 * 3. Size, tokens, depth, aliases, directives and cost are bounded before anything runs; there is no batching, and
 *    introspection is for those who may open the console, outside production only.
 * 4. Every error carries our refusal in `extensions`: code, fault, request id. What is ours is logged whole and told
 *    without detail.
 */
export function createGraphqlDoor({ house, schema, config }: GraphqlDoorOptions): GraphqlDoor {
  const armor = new ApolloArmor({
    costLimit: { enabled: false }, // Pothos counts cost, and knows how many rows a page holds
    blockFieldSuggestion: { enabled: true },
    maxDepth: { n: graphqlLimits.depth },
    maxAliases: { n: graphqlLimits.aliases },
    maxDirectives: { n: graphqlLimits.directives },
    maxTokens: { enabled: false }, // graphql-js counts them itself
  }).protect();
  const server = new ApolloServer<Work>({
    schema,
    ...armor,
    // The armor's types are of Apollo's CommonJS half; the plugins are the same.
    plugins: [
      ...(armor.plugins as unknown as ApolloServerPlugin<Work>[]),
      ApolloServerPluginLandingPageDisabled(),
      naming(house),
      closedSchema,
    ],
    parseOptions: { maxTokens: graphqlLimits.tokens },
    introspection: !config.production,
    csrfPrevention: true,
    persistedQueries: false,
    hideSchemaDetailsFromClientErrors: true,
    stopOnTerminationSignals: false,
    formatError: (formatted, thrown) =>
      formatted.extensions && 'fault' in formatted.extensions ? formatted : tell(formatted, thrown),
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => house.log.warn({ door: 'graphql' }, message),
      error: (message) => house.log.error({ door: 'graphql' }, message),
    },
  });
  let answer: RequestHandler | undefined;
  return {
    async start() {
      await server.start();
      answer = expressMiddleware(server, {
        context: async ({ req, res }) => readingWork(house, config.trustProxy, req, res),
      });
    },
    stop: () => server.stop(),
    handler: (request, response, next) => {
      enter(house, config.trustProxy, request, response).then(
        () => (answer ?? notYet)(request, response, next),
        (thrown: unknown) => turnAway(house, config.trustProxy, request, response, thrown),
      );
    },
  };
}

/** The schema as the reference shows it: the same text for the same schema. */
export const printedSchema = (schema: GraphQLSchema): string =>
  `# The administrative interface at /graphql. Written from the code by scripts/schema-graphql.ts; do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;

const Envelope = z.strictObject({
  query: z.string(),
  operationName: z.optional(z.nullable(z.string().check(z.maxLength(limits.name)))),
  variables: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  extensions: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});

// The document has its own cap; variables may be as long again.
const json = express.json({ limit: 2 * graphqlLimits.documentBytes, inflate: false, type: () => true });
const actors = new WeakMap<Request, Work['actor']>();

/** Everything that can be refused before the document is looked at. */
async function enter(house: House, trustProxy: number, request: Request, response: Response): Promise<void> {
  if (request.path !== '/') throw new Refused('unknown_operation', 'There is nothing at this address.');
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST');
    throw new Refused('unknown_operation', 'This address takes POST.');
  }
  const actor = await callerOf(house, request, doorwayOf('graphql', trustProxy, request, response));
  actors.set(request, actor);
  const payer = payerOf(house, trustProxy, request, actor);
  payer.pay(costs.document.points);
  const body = await bodyOf(request, response, json);
  if (Array.isArray(body)) throw malformed('One operation a request: batches are not taken.');
  const parsed = Envelope.safeParse(body);
  if (!parsed.success) throw malformed(sentenceOf(parsed.error));
  if (Buffer.byteLength(parsed.data.query) > graphqlLimits.documentBytes)
    throw new Refused('too_large', `A document may have at most ${graphqlLimits.documentBytes} bytes.`);
  request.body = parsed.data;
  await untilAnswered(response, await payer.enter('document'));
  // While this one waited, those before it may have used the budget up.
  payer.pay(costs.document.points);
}

const payerOf = (house: House, trustProxy: number, request: Request, actor: Work['actor']): Payer =>
  house.parts.use(budgets).payerOf(actor, addressOf(request, trustProxy));

/** Leaves the document's place when its answer was sent, or its caller went away. */
async function untilAnswered(response: Response, leave: () => void): Promise<void> {
  if (!response.destroyed) return void response.once('close', leave);
  leave();
  throw new Refused('unavailable', 'The caller has gone.');
}

const notYet: RequestHandler = (_request, response) =>
  answerRefusal(
    response,
    refusalOf(new Refused('unavailable', 'The server is starting.', { retryAfter: 1_000 }), requestIdOf(response)),
  );

async function turnAway(
  house: House,
  trustProxy: number,
  request: Request,
  response: Response,
  thrown: unknown,
): Promise<void> {
  const error = judgeThrown(thrown);
  const refusal = refusalOf(error, requestIdOf(response));
  if (refusal.code === 'internal')
    house.log.error({ err: error, door: 'graphql', requestId: refusal.requestId }, 'a request failed');
  if (refusal.code === 'limited') await payerOf(house, trustProxy, request, actors.get(request) ?? stranger).holdBack();
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { message, ...extensions } = refusal;
  response
    .status(response.hasHeader('allow') ? 405 : httpStatus[refusal.code])
    .json({ errors: [{ message, extensions: { message, ...extensions } }] });
}

/**
 * What resolvers below a root are given: the act's actor and reading, without an act. Root fields open acts of their own (graphql-builder.ts);
 * by the time their children are resolved those are committed.
 */
async function readingWork(house: House, trustProxy: number, request: Request, response: Response): Promise<Work> {
  const base = await inWork(house, actors.get(request)!, async (work) => work, {
    doorway: doorwayOf('graphql', trustProxy, request, response),
  });
  const refuse = () => {
    throw new Error('A field below a root only reads.');
  };
  return {
    ...base,
    sql: (text, params) => house.db.rows(text, params),
    transaction: refuse,
    changed: refuse,
    record: refuse,
    audit: refuse,
    tell: refuse,
    beforeCommit: refuse,
    afterCommit: refuse,
    onRollback: refuse,
  };
}

/** Puts the request's name on every error, and logs what is ours. */
function naming(house: House): ApolloServerPlugin<Work> {
  return {
    requestDidStart: async () => ({
      async didEncounterErrors({ errors, contextValue }) {
        const { requestId } = contextValue.doorway;
        for (const error of errors) {
          if (isOurs(error))
            house.log.error(
              { err: unwrapResolverError(error), door: 'graphql', path: error.path, requestId },
              'a field failed',
            );
          await auditRefusedField(house, contextValue, error);
        }
      },
      async willSendResponse({ response, contextValue }) {
        if (response.body.kind !== 'single') return;
        for (const error of response.body.singleResult.errors ?? []) {
          if (error.extensions)
            (error.extensions as Record<string, unknown>)['requestId'] ??= contextValue.doorway.requestId;
        }
      },
    }),
  };
}

/** The schema is no secret of the project's, but which parts of it an installation runs is no business of strangers. */
const closedSchema: ApolloServerPlugin<Work> = {
  requestDidStart: async () => ({
    async didResolveOperation({ document, contextValue }) {
      if (contextValue.may('console.read')) return;
      visit(document, {
        Field: ({ name }) => {
          if (name.value === '__schema' || name.value === '__type')
            throw refusing(
              contextValue.actor.kind === 'stranger'
                ? unauthenticated()
                : forbidden('Only those who may open the console may ask for the schema.'),
            );
        },
      });
    },
  }),
};

/** Root fields audit their refusals themselves; a field below one that asks for a right of its own is audited here, by its name in the schema. */
async function auditRefusedField(house: House, { actor, doorway }: Work, error: GraphQLError): Promise<void> {
  const thrown = unwrapResolverError(error);
  const [node] = error.nodes ?? [];
  if (!(thrown instanceof Refused) || thrown.code !== 'forbidden' || node?.kind !== Kind.FIELD) return;
  await recordRefusal(house, actor, `field ${node.name.value}`, thrown.message, doorway);
}

/** Errors Apollo and graphql-js give a document or its variables: always the caller's. */
const callers = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_FOUND',
]);

/** Whether an error is a fault of ours that nobody has judged yet: something a resolver threw, or a value the schema does not allow. */
function isOurs(error: GraphQLError): boolean {
  if (Object.hasOwn(error.extensions, 'fault') || callers.has(error.extensions['code'])) return false;
  const thrown = unwrapResolverError(error);
  return !(thrown instanceof Refused) && error.path !== undefined;
}

/** A refusal out of whatever else went wrong. */
function tell(formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError {
  const original = unwrapResolverError(thrown);
  // Without a path nothing of ours has run yet: it is about the document.
  const aboutDocument =
    callers.has(formatted.extensions?.['code']) ||
    (original instanceof GraphQLError && !original.path && !original.originalError);
  const error = aboutDocument ? malformed(formatted.message.split('\n', 1)[0]!.slice(0, 300)) : original;
  const { message, extensions } = refusing(error);
  return {
    message,
    extensions,
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  };
}
