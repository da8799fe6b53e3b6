import * as z from 'zod/mini';

/**
 * Every refusal Parley can give, with whose fault it is: `yours` (change the request), `ours` (report it),
 * `nobodys` (try again: overload, a race, an engine restarting).
 */
export const faults = {
  malformed: 'yours',
  too_large: 'yours',
  unknown_operation: 'yours',
  unauthenticated: 'yours',
  wrong_credentials: 'yours',
  password_short: 'yours',
  password_long: 'yours',
  password_context: 'yours',
  password_leaked: 'yours',
  password_weak: 'yours',
  session_ended: 'yours',
  stale_proof: 'nobodys',
  suspended: 'yours',
  forbidden: 'yours',
  not_found: 'yours',
  conflict: 'yours',
  archived: 'yours',
  moved: 'nobodys',
  limited: 'nobodys',
  overloaded: 'nobodys',
  unavailable: 'nobodys',
  storage_full: 'nobodys',
  internal: 'ours',
} as const;

export type ErrorCode = keyof typeof faults;
export type Fault = (typeof faults)[ErrorCode];

/** A refusal as it travels: a stable code for machines, a sentence for people, and whether trying again can help. */
export const Refusal = z.object({
  code: z.enum(Object.keys(faults) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  fault: z.enum(['yours', 'ours', 'nobodys']),
  /** Milliseconds after which trying again makes sense. */
  retryAfter: z.optional(z.int()),
  /** With `stale_proof`: what the next proof of the device's key must contain. */
  nonce: z.optional(z.string()),
  /** What to quote to an administrator; the log carries it too. */
  requestId: z.optional(z.string()),
});
export type Refusal = z.infer<typeof Refusal>;

/** Every socket call is acknowledged with one of these. */
export type Answer<T> = { ok: T; error?: never } | { ok?: never; error: Refusal };
