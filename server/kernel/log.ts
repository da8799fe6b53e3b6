import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const secret = [
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
];

/** Structured logs, one JSON object a line. Secrets and what people wrote never reach them. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: {
      paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `req.headers.${name}`]),
      censor: '[redacted]',
    },
    serializers: { err: plainError },
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Errors of the database carry the statement's parameters; what people wrote stays out of the log. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, table, constraint } = error as Error & { code?: unknown; table?: unknown; constraint?: unknown };
  const cause: unknown = error.cause === undefined ? undefined : plainError(error.cause);
  return { type: error.name, message: error.message, stack: error.stack, code, table, constraint, cause };
}
