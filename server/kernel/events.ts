import type { Logger } from 'pino';

/** Something that happened and is committed: dotted, past tense. */
export type Happening = { type: string; payload: Record<string, unknown>; actorId: string | null };
type Listener = (event: Happening) => void | Promise<void>;

/**
 * Announcing after commit, inside this process: sessions close, caches forget, workers wake. A listener that fails is logged and harms nobody:
 * whatever must not be missed reads the outbox instead.
 */
export class Events {
  readonly #listeners = new Map<string, Listener[]>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Hears one type, or `*` for all. */
  on(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  announce(events: readonly Happening[]): void {
    for (const event of events) {
      for (const listener of [...(this.#listeners.get(event.type) ?? []), ...(this.#listeners.get('*') ?? [])])
        void this.#tell(listener, event);
    }
  }

  async #tell(listener: Listener, event: Happening): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.#log.error({ err: error, event: event.type }, 'a listener failed after the act was committed');
    }
  }
}
