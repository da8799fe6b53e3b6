/**
 * Where a device keeps what must survive a reload: sends not yet acknowledged and, without cookies, the refresh token.
 * Values are plain data (structured clone). A `set` that has resolved is expected to survive a crash of the page. Any of
 * these may reject or never answer: the device goes on in memory and says so (`Parley.storage`).
 */
export type Storage = {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Every entry whose key begins with `prefix`, in the order of their keys. */
  entries(prefix: string): Promise<[key: string, value: unknown][]>;
  /** Calls back when everything kept is gone while the device runs, as when a browser clears a site's data. */
  onLost?(listener: () => void): void;
};

/** Storage for Node and for tests: lives as long as the value does. Values are copied in and out, as a real store would. */
export function memoryStorage(): Storage {
  const kept = new Map<string, unknown>();
  return {
    get: async (key) => structuredClone(kept.get(key)),
    set: async (key, value) => void kept.set(key, structuredClone(value)),
    delete: async (key) => void kept.delete(key),
    entries: async (prefix) =>
      [...kept]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, structuredClone(value)]),
  };
}
