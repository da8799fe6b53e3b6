import type { ErrorRequestHandler, Response } from 'express';
import type { Refusal } from '@parley/protocol/errors.ts';
import { httpStatus, malformed, Refused, refusalOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/log.ts';

/** The name of the request being answered, given at the entrance. */
export const requestIdOf = (response: Response): string => String(response.getHeader('x-request-id') ?? '');

/** Answers with a refusal: its status, its sentence, and when to come again. */
export function answerRefusal(response: Response, refusal: Refusal, status = httpStatus[refusal.code]): void {
  if (response.headersSent) return void response.destroy();
  if (refusal.retryAfter !== undefined)
    response.setHeader('retry-after', String(Math.ceil(refusal.retryAfter / 1_000)));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  response.status(status).json({ error: refusal });
}

/** What Express and its parsers throw is mostly the caller's: an address that cannot be decoded, a body that is no JSON, one that is too large. */
export function judgeThrown(thrown: unknown): unknown {
  const { status, type } = (thrown ?? {}) as { status?: unknown; type?: unknown };
  if (thrown instanceof Refused || typeof status !== 'number' || status < 400 || status >= 500) return thrown;
  if (status === 413) return new Refused('too_large', 'The request is larger than this door takes.');
  if (type === 'entity.parse.failed') return malformed('The body is not JSON.');
  return malformed('The request cannot be read.');
}

/** The last resort: whatever was thrown becomes a refusal; what is ours is logged whole and told without detail. */
export function lastResort(log: Logger): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    const error = judgeThrown(thrown);
    const refusal = refusalOf(error, requestIdOf(response));
    if (refusal.code === 'internal')
      log.error({ err: error, door: 'http', method: request.method, requestId: refusal.requestId }, 'a request failed');
    answerRefusal(response, refusal);
  };
}
