import { openDB } from 'idb';
import type { Storage } from '@parley/sdk/storage.ts';

/** What must survive a reload, kept in IndexedDB. */
export function browserStorage(): Storage {
  const opened = openDB('parley', 1, { upgrade: (db) => void db.createObjectStore('kept') });
  return {
    get: async (key) => (await opened).get('kept', key),
    // `strict`: a send counts as kept only when the disk has it, not when the browser intends to write it.
    set: async (key, value) => {
      const act = (await opened).transaction('kept', 'readwrite', { durability: 'strict' });
      await Promise.all([act.store.put(value, key), act.done]);
    },
    delete: async (key) => (await opened).delete('kept', key),
    entries: async (prefix) => {
      const range = IDBKeyRange.bound(prefix, prefix + '\uffff');
      const act = (await opened).transaction('kept');
      const [keys, values] = await Promise.all([act.store.getAllKeys(range), act.store.getAll(range)]);
      return keys.map((key, at) => [key as string, values[at] as unknown]);
    },
  };
}
