import { backoff } from './backoff.ts';
import type { Storage } from './storage.ts';

/** `failing`: the device's storage refused or did not answer, and what is written now is held in memory only. */
export type StorageState = 'ready' | 'failing';

/** How long (ms) a storage may think before the device goes on without it. */
const answerWithinMs = 3_000;
/** Written and removed again to learn whether a storage that failed works now. */
const probeKey = 'probe';

/** What the storage should hold under a key and has not confirmed yet; null: nothing. */
type Wish = { value: unknown } | null;

export type SteadyStorage = ReturnType<typeof createSteadyStorage>;

/**
 * The device's storage, whatever becomes of it.
 * 1. Writing never fails and never takes longer than 3 s: what the storage refuses, or does not answer in that time, is
 *    held in memory, read from there, and written again (full jitter, up to 30 s apart) until the storage takes it.
 * 2. Of one key one write is under way at a time, and the last wish wins: a write that comes back late undoes nothing.
 * 3. Reading rejects when the storage cannot be read, within the same time. The caller decides what that means.
 * 4. `changed` is called when the state moved, or when something held in memory was written.
 */
export function createSteadyStorage(storage: Storage, changed: () => void) {
  let state: StorageState = 'ready';
  /** Asked and not answered in time: nothing waits for it until it answers. */
  let silent = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wishes = new Map<string, Wish>();
  const writing = new Map<string, Promise<void>>();

  function fail(): void {
    if (state === 'ready') {
      state = 'failing';
      changed();
    }
    timer ??= unref(setTimeout(tryAgain, backoff(failures++)));
  }

  async function tryAgain(): Promise<void> {
    timer = undefined;
    await bounded(Promise.all([...wishes.keys()].map(write))).catch(() => undefined);
    if (state === 'ready') return;
    if (wishes.size === 0 && (await works())) recover();
    else fail();
  }

  async function works(): Promise<boolean> {
    try {
      await bounded(storage.set(probeKey, Date.now()).then(() => storage.get(probeKey)));
      await bounded(storage.delete(probeKey));
      return true;
    } catch {
      return false;
    }
  }

  function recover(): void {
    if (state === 'ready') return;
    clearTimeout(timer);
    timer = undefined;
    state = 'ready';
    failures = 0;
    changed();
  }

  /** Rejects when the storage does not answer in time. */
  function bounded<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        silent = true;
        fail();
        reject(new Error('The storage of this device does not answer.'));
      }, answerWithinMs);
      answer
        .finally(() => {
          clearTimeout(limit);
          silent = false;
        })
        .then(resolve, reject);
    });
  }

  function write(key: string): Promise<void> {
    const running = writing.get(key) ?? writeWishes(key).finally(() => writing.delete(key));
    writing.set(key, running);
    return running;
  }

  async function writeWishes(key: string): Promise<void> {
    for (let wish = wishes.get(key); wish !== undefined; wish = wishes.get(key)) {
      try {
        await (wish === null ? storage.delete(key) : storage.set(key, wish.value));
      } catch {
        fail();
        if (wishes.get(key) === wish) return;
        continue;
      }
      if (wishes.get(key) === wish) wishes.delete(key);
      // Deleting works on a full disk, too: only a write shows that there is space again.
      if (wish !== null && wishes.size === 0) recover();
      if (wish !== null) changed();
    }
  }

  async function wish(key: string, what: Wish): Promise<void> {
    wishes.set(key, what);
    const written = write(key);
    if (!silent) await bounded(written).catch(() => undefined);
  }

  async function read<T>(act: () => Promise<T>): Promise<T> {
    if (silent) throw new Error('The storage of this device does not answer.');
    try {
      return await bounded(act());
    } catch (error) {
      fail();
      throw error;
    }
  }

  return {
    get state() {
      return state;
    },
    /** Whether the storage itself holds what was last written under this key. */
    isKept: (key: string): boolean => !wishes.has(key),
    /** Calls back when everything that was kept is gone. */
    onLost: (listener: () => void): void => storage.onLost?.(listener),
    async get(key: string): Promise<unknown> {
      const held = wishes.get(key);
      return held === undefined ? read(() => storage.get(key)) : held?.value;
    },
    set: (key: string, value: unknown): Promise<void> => wish(key, { value }),
    delete: (key: string): Promise<void> => wish(key, null),
    async entries(prefix: string): Promise<[string, unknown][]> {
      const all = new Map(await read(() => storage.entries(prefix)));
      for (const [key, held] of wishes) {
        if (!key.startsWith(prefix)) continue;
        if (held) all.set(key, held.value);
        else all.delete(key);
      }
      return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
    },
    /** What is in memory only, under a prefix: all there is to know where the storage cannot be read. */
    held: (prefix: string): [string, unknown][] =>
      [...wishes].flatMap(([key, one]) =>
        one && key.startsWith(prefix) ? [[key, one.value] as [string, unknown]] : [],
      ),
  };
}

function unref<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
