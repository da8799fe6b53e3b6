import { memoryStorage, type Storage } from '../storage.ts';

/** How a storage may misbehave. */
export type Fault = 'none' | 'refuses' | 'refuses writes' | 'refuses reads' | 'refuses deletes' | 'hangs' | 'throws';

export type BadStorage = Storage & {
  fault: Fault;
  /** What lies in it, whatever its fault. */
  inside: Storage;
  /** Everything is gone, as when a browser clears a site's data. */
  lose(): Promise<void>;
};

const touched: Record<Fault, readonly string[]> = {
  none: [],
  refuses: ['get', 'set', 'delete', 'entries'],
  'refuses writes': ['set'],
  'refuses reads': ['get', 'entries'],
  'refuses deletes': ['delete'],
  hangs: ['get', 'set', 'delete', 'entries'],
  throws: ['get', 'set', 'delete', 'entries'],
};

/** A storage that can be made to misbehave in each way a browser's does. */
export function badStorage(): BadStorage {
  const inside = memoryStorage();
  let lost: () => void = () => undefined;
  const working: (() => void)[] = [];
  let fault: Fault = 'none';

  function through<A>(name: string, act: () => Promise<A>): Promise<A> {
    if (!touched[fault].includes(name)) return act();
    if (fault === 'throws') throw new Error('no storage here');
    // What hung is done when the storage wakes up, however late.
    if (fault === 'hangs') return new Promise<void>((resolve) => working.push(resolve)).then(act);
    return Promise.reject(new DOMException('There is no space left.', 'QuotaExceededError'));
  }
  return {
    inside,
    get fault() {
      return fault;
    },
    set fault(now) {
      fault = now;
      if (now === 'none') for (const wake of working.splice(0)) wake();
    },
    get: (key) => through('get', () => inside.get(key)),
    set: (key, value) => through('set', () => inside.set(key, value)),
    delete: (key) => through('delete', () => inside.delete(key)),
    entries: (prefix) => through('entries', () => inside.entries(prefix)),
    onLost: (listener) => void (lost = listener),
    async lose() {
      for (const [key] of await inside.entries('')) await inside.delete(key);
      lost();
    },
  };
}
