/**
 * How long to wait before attempt `n` (0, 1, 2 …), in milliseconds: anywhere between nothing and a limit that doubles. Full jitter:
 * when a server comes back, thousands of devices must not return in the same moment, nor in waves.
 */
export const backoff = (attempt: number, { base = 1_000, cap = 30_000 } = {}): number =>
  Math.random() * Math.min(cap, base * 2 ** Math.min(attempt, 20));

/** The wait a refusal asked for, spread over as much again, or the usual one. */
export const backoffFor = (attempt: number, retryAfter: number | undefined): number =>
  retryAfter === undefined ? backoff(attempt) : Math.max(backoff(attempt), retryAfter * (1 + Math.random()));

/** Resolves after `ms`, or at once when `signal` ends the waiting. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
