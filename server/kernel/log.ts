import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const redacted = '[redacted]';
const secret = new Set([
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'secret',
  'hash',
  'code',
  'body',
  'title',
  'query',
]);

/** Structured logs, one JSON object a line. Secrets and what people wrote never reach them. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: {
      // Below the first level plainFields does it: only there can the code of an error be told from the code of a
      // set-up.
      paths: [...secret],
      censor: redacted,
    },
    // Errors are plain already when a serializer would see them: pino's own must not make something else of them.
    serializers: { err: (error: unknown) => error },
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => plainFields(fields, 0),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

const deepest = 4;
const longestText = 8_000;
const mostItems = 50;

/**
 * What a line may hold of a value. Libraries pass whole clients, sockets and requests along with what they say: of
 * anything that is no plain data its class is named and nothing else.
 */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value))
    return depth >= deepest ? '[Array]' : value.slice(0, mostItems).map((item) => plain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor?.name || 'Object'}]`;
  return depth >= deepest ? '[Object]' : plainFields(value as Record<string, unknown>, depth);
}

const plainFields = (fields: Record<string, unknown>, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .slice(0, mostItems)
      .map(([name, value]) => [name, secret.has(name) ? redacted : plain(value, depth + 1)]),
  );

/**
 * Errors of the database carry the statement's parameters, and those of its driver the client: what people wrote stays
 * out of the log.
 */
function plainError(error: Error, depth: number): Record<string, unknown> {
  const { code, table, constraint } = error as Error & { code?: unknown; table?: unknown; constraint?: unknown };
  const nested = (inner: unknown) => (depth >= deepest ? undefined : plain(inner, depth + 1));
  return {
    type: error.name,
    message: plain(error.message, depth),
    stack: plain(error.stack, depth),
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    table: typeof table === 'string' ? table : undefined,
    constraint: typeof constraint === 'string' ? constraint : undefined,
    cause: error.cause === undefined ? undefined : nested(error.cause),
    errors: error instanceof AggregateError ? nested(error.errors) : undefined,
  };
}
