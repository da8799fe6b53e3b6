import { faults, type ErrorCode, type Refusal } from '@parley/protocol/errors.ts';

/**
 * The one error verbs throw on purpose: a stable code, a sentence for people, and (from the code) whose fault it is.
 * Everything else that is thrown is ours: the door answers `internal` and the log has the whole of it.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  /** What the next proof of the device's key must contain. */
  readonly nonce: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retryAfter?: number; nonce?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.nonce = options.nonce;
  }
}

export const malformed = (message: string) => new Refused('malformed', message);
export const notFound = (what: string) => new Refused('not_found', `There is no such ${what}, or you may not see it.`);
export const forbidden = (message: string) => new Refused('forbidden', message);
export const conflict = (message: string) => new Refused('conflict', message);
export const unauthenticated = (message = 'Sign in first.') => new Refused('unauthenticated', message);
export const overloaded = (retryAfter: number) =>
  new Refused('overloaded', 'The server has more to do than it can finish in time. Nothing was stored; try again.', {
    retryAfter,
  });
export const unavailable = (cause: unknown) =>
  new Refused(
    'unavailable',
    'The store cannot be reached at the moment. Try again; what was already stored will not be doubled.',
    { retryAfter: 1_000, cause },
  );

export const storageFull = (cause?: unknown) =>
  new Refused(
    'storage_full',
    'The disk of the server is full. Nothing was stored; try again later, and tell an administrator.',
    { retryAfter: 10_000, cause },
  );

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08003',
  '08001',
  '53300',
  '25P02',
  '55P03',
  '57014',
]);

/** The code PostgreSQL, or the network, gave an error; Sequelize keeps it one level down. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as { code?: unknown }).code ?? (error as { original?: { code?: unknown } }).original?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * Whether an error, or what caused it, says that a disk has no space left: PostgreSQL's, or the one we write to
 * ourselves.
 */
export function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (['53100', 'ENOSPC', 'EDQUOT'].includes(sqlStateOf(error) ?? '')) return true;
  // PostgreSQL gives some of its failed writes the code of any broken file (58030), and tells only in words.
  return /No space left on device|Disk quota exceeded/.test(error.message) || isStorageFull(error.cause);
}

/**
 * The refusal a caller gets for an error of the store. Whether the write happened is unknown, unless the disk was full:
 * then nothing was stored.
 */
export const outageOf = (error: unknown): Refused => (isStorageFull(error) ? storageFull(error) : unavailable(error));

/**
 * Whether an error says that the store was away, busy or full rather than that our statement was wrong. A lost deadlock
 * is none: the store is there, and the act runs again (kernel/deadlocks.ts).
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isStorageFull(error)) return true;
  const code = sqlStateOf(error);
  if (code !== undefined) return connectionCodes.has(code);
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|SequelizeConnection|ConnectionAcquireTimeout|ConnectionManager.getConnection was called after/i.test(
    `${error.name} ${error.message}`,
  );
}

/** What travels for any error: refusals as they are, outages as `unavailable`, all else as `internal` without a detail. */
export function refusalOf(error: unknown, requestId: string): Refusal {
  const refused =
    error instanceof Refused
      ? error
      : isOutage(error)
        ? outageOf(error)
        : new Refused('internal', 'Something went wrong on our side. It has been logged; quote the request id.', {
            cause: error,
          });
  return {
    code: refused.code,
    message: refused.message,
    fault: faults[refused.code],
    ...(refused.retryAfter === undefined ? {} : { retryAfter: refused.retryAfter }),
    ...(refused.nonce === undefined ? {} : { nonce: refused.nonce }),
    requestId,
  };
}

/** The HTTP status of each code. 500 is only ever ours. */
export const httpStatus: Record<ErrorCode, number> = {
  malformed: 400,
  too_large: 413,
  unknown_operation: 404,
  unauthenticated: 401,
  wrong_credentials: 401,
  password_short: 400,
  password_long: 400,
  password_context: 400,
  password_leaked: 400,
  password_weak: 400,
  session_ended: 401,
  stale_proof: 401,
  suspended: 403,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  archived: 409,
  moved: 409,
  limited: 429,
  overloaded: 503,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
};
