type KeyPair = { privateKey: CryptoKey; publicKey: CryptoKey };

/*
 * Where a browser keeps the key of its session: one for chat and console, which share the session's cookie. What lies
 * here are handles; the private key's bytes can be read by no script.
 */

const store = 'keys';
const name = 'session';
/** Some browsers never answer: signing in must not wait for them. */
const answerWithinMs = 3_000;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('parley-key', 1);
    asked.onupgradeneeded = () => void asked.result.createObjectStore(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error('The browser keeps nothing.'));
    asked.onblocked = () => reject(new Error('Another page holds the key’s store.'));
    setTimeout(() => reject(new Error('The browser’s store does not answer.')), answerWithinMs);
  });
}

/** Finds the pair, or keeps this one: in one transaction, since two tabs may come at once. */
async function findOrKeep(fresh?: KeyPair): Promise<KeyPair | undefined> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const act = database.transaction(store, fresh ? 'readwrite' : 'readonly', { durability: 'strict' });
      let kept: KeyPair | undefined;
      const found = act.objectStore(store).get(name);
      found.onsuccess = () => {
        kept = found.result as KeyPair | undefined;
        if (kept || !fresh) return;
        act.objectStore(store).put(fresh, name);
        kept = fresh;
      };
      act.oncomplete = () => resolve(kept);
      act.onabort = () => reject(act.error ?? new Error('The key could not be kept.'));
    });
  } finally {
    database.close();
  }
}

export const browserKeyPlace = {
  readable: false,
  find: () => findOrKeep(),
  keep: async (pair: KeyPair): Promise<KeyPair> => (await findOrKeep(pair))!,
};
