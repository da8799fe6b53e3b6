type KeyPair = { privateKey: CryptoKey; publicKey: CryptoKey };

/*
 * Where a browser keeps the key of its session: one for chat and console, which share the session's cookie. What lies
 * here are handles; the private key's bytes can be read by no script.
 */

const store = 'keys';
const name = 'session';
/** Some browsers never answer: signing in must not wait for them, nor every request after it. */
const answerWithinMs = 3_000;
const askAgainAfterMs = 60_000;
let silentUntil = 0;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('parley-key', 1);
    asked.onupgradeneeded = () => void asked.result.createObjectStore(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error('The browser keeps nothing.'));
    asked.onblocked = () => reject(new Error('Another page holds the key’s store.'));
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
        try {
          act.objectStore(store).put(fresh, name);
          kept = fresh;
        } catch (error) {
          reject(error as Error);
        }
      };
      act.oncomplete = () => resolve(kept);
      act.onabort = () => reject(act.error ?? new Error('The key could not be kept.'));
    });
  } finally {
    database.close();
  }
}

/** The same, within a few seconds. */
function answered(fresh?: KeyPair): Promise<KeyPair | undefined> {
  const silent = () => new Error('The browser’s store does not answer.');
  if (Date.now() < silentUntil) return Promise.reject(silent());
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      silentUntil = Date.now() + askAgainAfterMs;
      reject(silent());
    }, answerWithinMs);
    findOrKeep(fresh)
      .finally(() => clearTimeout(limit))
      .then(resolve, reject);
  });
}

export const browserKeyPlace = {
  readable: false,
  find: () => answered(),
  keep: async (pair: KeyPair): Promise<KeyPair> => (await answered(pair))!,
};
