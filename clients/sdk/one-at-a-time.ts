type Locks = {
  request<R>(name: string, options: { signal?: AbortSignal }, act: () => Promise<R>): Promise<R>;
};

/** A page that holds the lock and is frozen must not stop the others for ever. */
const lockWithinMs = 25_000;

/** The browser's locks between the pages of one origin. undefined: over plain http, and in old browsers. */
export function browserLocks<L = Locks>(): L | undefined {
  return (globalThis as unknown as { navigator?: { locks?: L } }).navigator?.locks;
}

/**
 * Runs `act` while no other page of this origin runs one of the same name. Where the browser has no locks, forbids them,
 * or does not give this one in time, it runs all the same.
 */
export async function oneAtATime<R>(name: string, act: () => Promise<R>): Promise<R> {
  let begun: Promise<R> | undefined;
  const begin = () => (begun ??= act());
  try {
    await browserLocks()?.request(name, { signal: AbortSignal.timeout(lockWithinMs) }, begin);
  } catch {
    // Refused before the act began; or the act itself failed, which its promise says.
  }
  return begin();
}
