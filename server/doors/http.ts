import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { type Express, type Request, type RequestHandler, type Response, type Router } from 'express';
import { limits } from '@parley/protocol/limits.ts';
import type { Declared } from '@parley/protocol/permissions.ts';
import { mayEnter, stranger, type Actor } from '../kernel/actor.ts';
import { authority } from '../kernel/authority.ts';
import { Download } from '../kernel/download.ts';
import { forbidden, malformed, refusalOf, Refused, unauthenticated } from '../kernel/errors.ts';
import { JsonText } from '../kernel/json-text.ts';
import type { Doorway, House } from '../kernel/work.ts';
import { answerRefusal, judgeThrown, lastResort, requestIdOf } from './answers.ts';
import { everyAnswer } from './headers.ts';
import { budgets } from './budgets.ts';
import { capConnections } from './http-connections.ts';
import { health, type Check } from './health.ts';
import { serveInterfaces, type Interface } from './interfaces.ts';
import { runOperation } from './operation.ts';
import { addressOf, foreignHost, hostJudge, knownOrigins, mayComeFrom } from './origin.ts';
import { checkRoutes, type Route } from './route.ts';
import { shownBy } from './shown.ts';

export type HttpSettings = {
  /** The address we listen on. */
  host: string;
  publicUrl: string | null;
  origins: readonly string[];
  trustProxy: number;
  metricsToken: string;
  httpConnections: number;
};

export type HttpDoorOptions = {
  house: House;
  config: HttpSettings;
  routes: readonly Route[];
  graphql?: RequestHandler;
  interfaces?: readonly Interface[];
  /** What `/readyz` asks, by name. */
  checks?: Readonly<Record<string, Check>>;
};

/**
 * The HTTP door: REST below `/api`, GraphQL at `/graphql`, the interfaces, and what watches over the process.
 * 1. Every answer, errors included, carries the security headers and the request's name.
 * 2. A page of another origin can neither read (there is no CORS) nor act: its Origin is refused, and bodies are JSON or nothing.
 * 3. Errors are `{ error: Refusal }` with the code's status, never a stack.
 * 4. A request that is not whole within 12 seconds is closed within 15: Node looks every two seconds, and by itself
 *    only every thirty.
 * Throws when a route declares no permission: a server with an unguarded door must not start. The server returned is not listening yet.
 */
export function createHttpDoor(options: HttpDoorOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 12_000,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 10_000,
    },
    httpApp(options),
  );
  server.maxHeadersCount = 100;
  capConnections(server, options.config.httpConnections);
  server.on('clientError', (_error, stream) => {
    if (!stream.writable) return void stream.destroy();
    stream.end(
      `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\nContent-Length: 0\r\n\r\n`,
    );
  });
  return server;
}

function httpApp({ house, config, routes, graphql, interfaces = [], checks = {} }: HttpDoorOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(everyAnswer(config));
  // In front of the Host's check: load balancers ask by the address of the machine.
  app.use(health({ database: () => house.db.rows('select 1'), ...checks }, config));
  app.use(knownHostsOnly(config));
  app.use(['/api', '/graphql'], ownPagesOnly(config), neverKept, newestNonce(house));
  app.use('/api', api(house, config, routes));
  if (graphql) app.use('/graphql', graphql);
  app.use(['/api', '/graphql', '/socket.io'], nothingHere);
  app.use(serveInterfaces(interfaces));
  app.use((_request, response) => void response.status(404).type('text').send('Not found.\n'));
  app.use(lastResort(house.log));
  return app;
}

/** A name that is not ours means a page elsewhere that pretends to be us, or a proxy that does not pass the name on. */
function knownHostsOnly(config: HttpSettings): RequestHandler {
  const isOurs = hostJudge(config);
  return (request, response, next) => {
    if (isOurs(request.headers.host)) return next();
    answerRefusal(response, refusalOf(forbidden(foreignHost), requestIdOf(response)), 421);
  };
}

/** Browsers say where a page comes from; one of another origin may not even try. */
function ownPagesOnly(config: HttpSettings): RequestHandler {
  const also = knownOrigins(config);
  return (request, _response, next) => {
    const { origin, host } = request.headers;
    if (mayComeFrom(origin, host, also)) return next();
    next(forbidden('Pages of this origin may not speak to this server.'));
  };
}

const neverKept: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};

/** What the next proof of a device's key must contain: a client that reads it here is not refused and asked again. */
const newestNonce =
  (house: House): RequestHandler =>
  (_request, response, next) => {
    response.setHeader('dpop-nonce', house.parts.use(authority).nonce());
    next();
  };

const nothingHere: RequestHandler = (_request, _response, next) =>
  next(new Refused('unknown_operation', 'There is nothing at this address.'));

function api(house: House, config: HttpSettings, routes: readonly Route[]): Router {
  checkRoutes(routes);
  const router = express.Router({ caseSensitive: true });
  const methods = Map.groupBy(routes, (route) => route.path.slice('/api'.length));
  for (const [path, offered] of methods) {
    for (const route of offered)
      router[route.method.toLowerCase() as 'get'](path, (request, response) =>
        answer(house, config, route, request, response),
      );
    const allow = offered.map((route) => route.method).join(', ');
    router.all(path, (_request, response) => {
      response.setHeader('allow', allow);
      answerRefusal(
        response,
        refusalOf(new Refused('unknown_operation', `This address takes ${allow}.`), requestIdOf(response)),
        405,
      );
    });
  }
  return router;
}

async function answer(
  house: House,
  config: HttpSettings,
  route: Route,
  request: Request,
  response: Response,
): Promise<void> {
  const doorway = doorwayOf('rest', config.trustProxy, request, response);
  try {
    const actor = await callerOf(house, request, doorway, route.permission);
    const input = await inputOf(request, response);
    const operation = {
      name: `${route.method} ${route.path}`,
      permission: route.permission,
      cost: route.cost,
      input: route.input,
      run: (work: never, said: unknown) => route.run(work, said as never, { request, response }),
    };
    const outcome = await runOperation(house, actor, operation as never, input, doorway);
    if (outcome.error?.code === 'limited') await house.parts.use(budgets).payerOf(actor, doorway.address).holdBack();
    if (outcome.error) return answerRefusal(response, outcome.error);
    if (outcome.ok === undefined) return void response.status(204).end();
    if (outcome.ok instanceof Download) return await handOut(house, actor, outcome.ok, response);
    response.type('json').send(outcome.ok instanceof JsonText ? outcome.ok.text : JSON.stringify(outcome.ok));
  } catch (thrown) {
    const error = judgeThrown(thrown);
    const refusal = refusalOf(error, requestIdOf(response));
    if (refusal.code === 'internal')
      house.log.error({ err: error, door: 'rest', requestId: refusal.requestId }, 'a request failed');
    answerRefusal(response, refusal);
  }
}

/** Sends a file as it is read. One that breaks off is cut: a file that looks whole and is not would be worse than none. */
async function handOut(house: House, actor: Actor, file: Download, response: Response): Promise<void> {
  response.attachment(file.fileName);
  response.type(file.type);
  await pipeline(Readable.from(whileAllowed(house, actor, file)), response).catch((error: unknown) => {
    house.log.warn({ err: error, requestId: requestIdOf(response) }, 'a file could not be handed out to its end');
    response.destroy();
  });
}

/** A slow reader may lose the right to what is being read. */
async function* whileAllowed(house: House, actor: Actor, { needs, pieces }: Download): AsyncGenerator<string> {
  const who = house.parts.use(authority);
  for await (const piece of pieces) {
    const now = who.refresh(actor);
    const lost = needs.find((permission) => !mayEnter(now, permission));
    if (lost) throw forbidden(`This needs the permission ${lost}.`);
    yield piece;
  }
}

/** Where a request came in, for the log and the audit. */
export function doorwayOf(door: string, trustProxy: number, request: Request, response: Response): Doorway {
  return {
    door,
    address: addressOf(request, trustProxy),
    requestId: requestIdOf(response),
    userAgent: request.headers['user-agent']?.slice(0, 300),
  };
}

/**
 * Who calls, by the access token and the proof of its device's key: cookies let no one in. An operation for everyone
 * takes a caller with a spent token for a stranger.
 */
export async function callerOf(
  house: House,
  request: Request,
  doorway: Doorway,
  permission?: Declared,
): Promise<Actor> {
  const header = request.headers.authorization;
  if (header === undefined) return stranger;
  try {
    const token = /^(?:Bearer|DPoP) ([\w.~+/=-]{1,4096})$/i.exec(header)?.[1];
    if (!token) throw unauthenticated('The Authorization header must be Bearer or DPoP, and an access token.');
    return await house.parts.use(authority).identify(token, shownBy(request, request.originalUrl, doorway));
  } catch (error) {
    if (permission === 'everyone' && error instanceof Refused && error.code !== 'stale_proof') return stranger;
    throw error;
  }
}

const json = express.json({ limit: limits.restBody, inflate: false, type: () => true });

/** What was said: the body (JSON or nothing) or the query, with the path's parameters. */
async function inputOf(request: Request, response: Response): Promise<unknown> {
  const said = request.method === 'GET' ? { ...request.query } : await bodyOf(request, response, json);
  const params = Object.entries(request.params);
  if (params.length === 0) return said;
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return said;
  const twice = params.find(([name]) => Object.hasOwn(said, name));
  if (twice) throw malformed(`${twice[0]} stands in the address already.`);
  return { ...said, ...Object.fromEntries(params) };
}

/** The JSON body through the given parser; `{}` when there is none. Anything but JSON is refused unread. */
export async function bodyOf(request: Request, response: Response, parse: RequestHandler): Promise<unknown> {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return {};
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) throw malformed('The body must be application/json.');
  await new Promise<void>((resolve, reject) =>
    parse(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve())),
  );
  return request.body as unknown;
}
