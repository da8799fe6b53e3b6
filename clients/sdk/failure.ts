import { faults, type ErrorCode, type Fault, type Refusal } from '@parley/protocol/errors.ts';

/**
 * The one error this package throws: a refusal of the server, or `unavailable` when no answer came.
 * `fault` says whether trying again can help: `yours` no, `nobodys` yes, `ours` perhaps, and it should be reported with `requestId`.
 */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly fault: Fault;
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;
  /** With `stale_proof`: what the next proof of the device's key must contain. */
  readonly nonce: string | undefined;

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    super(refusal.message, options);
    this.code = refusal.code;
    this.fault = refusal.fault;
    this.retryAfter = refusal.retryAfter;
    this.requestId = refusal.requestId;
    this.nonce = refusal.nonce;
  }
}

/** No answer: the line is down, or the server did not speak in time. What was asked may or may not have happened. */
export const noAnswer = (cause?: unknown) =>
  new ParleyError(
    { code: 'unavailable', fault: faults.unavailable, message: 'The server cannot be reached at the moment.' },
    { cause },
  );

/** Nobody is signed in on this device. */
export const notSignedIn = () =>
  new ParleyError({ code: 'unauthenticated', fault: faults.unauthenticated, message: 'Sign in first.' });

/** Anything thrown, as the error callers expect. */
export const asParleyError = (error: unknown): ParleyError => (error instanceof ParleyError ? error : noAnswer(error));
