import type { Logger } from './log.ts';

/** The one shape of everything long-lived: it runs until the signal aborts, and returns when it has let go of everything. */
export type LongLived = { name: string; run(signal: AbortSignal): Promise<void> };

/**
 * Starts long-lived things and stops them in reverse order. Policy on failure: one that throws is logged and started again after a pause that
 * doubles up to 30 s, for as long as the house stands; chat does not fall because a watcher does.
 */
export class Lifecycle {
  readonly #running: { name: string; stop: AbortController; done: Promise<void> }[] = [];
  readonly #log: Logger;

  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` hears of everything that made a thing stop. */
  constructor(log: Logger, onFailure: (error: unknown) => void = () => undefined) {
    this.#log = log;
    this.#onFailure = onFailure;
  }

  start(thing: LongLived): void {
    const stop = new AbortController();
    this.#running.push({ name: thing.name, stop, done: this.#keep(thing, stop.signal) });
  }

  async stop(): Promise<void> {
    for (const { stop, done } of this.#running.reverse()) {
      stop.abort();
      await done;
    }
    this.#running.length = 0;
  }

  async #keep(thing: LongLived, signal: AbortSignal): Promise<void> {
    let wait = 250;
    while (!signal.aborted) {
      const started = Date.now();
      try {
        await thing.run(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#onFailure(error);
        if (Date.now() - started > 60_000) wait = 250;
        this.#log.error({ err: error, thing: thing.name, againIn: wait }, `${thing.name} stopped; starting it again`);
        await pause(wait, signal);
        wait = Math.min(wait * 2, 30_000);
      }
    }
  }
}

/** Waits, or returns at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
