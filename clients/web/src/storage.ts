import { openDB, unwrap } from 'idb';
import type { Storage } from '@parley/sdk/storage.ts';
import { sayNewVersion } from '@parley/look/new-version.ts';

const name = 'parley';
/** Raise it with the shape of the database; older pages then go on in memory and offer to load the new one. */
const version = 1;
/** A browser that has not answered in this time is given up on; what it does later is undone. */
const answerWithinMs = 10_000;

/**
 * What must survive a reload, kept in IndexedDB. Every act may be refused: no database here, no space left, a connection
 * the browser closed, a newer page that changed the database. The next act then opens it again.
 */
export function browserStorage(): Storage {
  let opening: Promise<IDBDatabase> | null = null;
  let wasOpen = false;
  let lost: () => void = () => undefined;

  /** The connection, opened once: an opening that another page blocks goes on waiting. */
  function connection(): Promise<IDBDatabase> {
    return (opening ??= open().catch((error: unknown) => {
      opening = null;
      // The database was changed by a newer page.
      if (error instanceof DOMException && error.name === 'VersionError') sayNewVersion();
      throw error;
    }));
  }

  async function open(): Promise<IDBDatabase> {
    let isNew = false;
    const database = await openDB(name, version, {
      upgrade(db) {
        db.createObjectStore('kept');
        isNew = true;
      },
      blocking(_current, wanted, event) {
        // Another page waits for this connection to end: to change the database, or (null) to delete it.
        (event.target as IDBDatabase).close();
        opening = null;
        if (wanted === null) setTimeout(reopen);
        else sayNewVersion();
      },
      terminated() {
        opening = null;
        reopen();
      },
    });
    // Emptied under this page, as by "clear site data".
    if (isNew && wasOpen) setTimeout(lost);
    wasOpen = true;
    return unwrap(database);
  }

  const reopen = () => void connection().catch(() => undefined);

  async function act<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> {
    const asked = connection();
    try {
      return await transact(await asked, mode, work);
    } catch (error) {
      // A connection that is closing, or lost its store, is of no more use.
      const isOver = error instanceof DOMException && ['InvalidStateError', 'NotFoundError'].includes(error.name);
      if (isOver && opening === asked) opening = null;
      throw error;
    }
  }

  return {
    get: (key) =>
      act('readonly', (kept) => {
        const found = kept.get(key) as IDBRequest<unknown>;
        return () => found.result;
      }),
    set: (key, value) => act('readwrite', (kept) => done(kept.put(value, key))),
    delete: (key) => act('readwrite', (kept) => done(kept.delete(key))),
    entries: (prefix) =>
      act('readonly', (kept) => {
        const range = IDBKeyRange.bound(prefix, prefix + '\uffff');
        const [keys, values] = [kept.getAllKeys(range), kept.getAll(range) as IDBRequest<unknown[]>];
        return () => keys.result.map((key, at) => [key as string, values.result[at]]);
      }),
    onLost: (listener) => void (lost = listener),
  };
}

/** Makes its requests at once, and answers how to read what they found. */
type Work<T> = (kept: IDBObjectStore) => () => T;

const silent = () => new Error('The browser’s store does not answer.');

function stop(act: IDBTransaction): void {
  try {
    act.abort();
  } catch {
    // It had ended already.
  }
}

/** Nothing to read: it is done, or its transaction is aborted. */
const done = (_request: IDBRequest) => () => undefined;

/**
 * One transaction. Resolves when the disk has it (`strict`), not when the browser intends to write it; one that does not
 * end in time is aborted.
 */
function transact<T>(database: IDBDatabase, mode: IDBTransactionMode, work: Work<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const act = database.transaction('kept', mode, { durability: 'strict' });
    const limit = setTimeout(() => (reject(silent()), stop(act)), answerWithinMs);
    let read: () => T;
    act.oncomplete = () => (clearTimeout(limit), resolve(read()));
    act.onabort = () => (clearTimeout(limit), reject(act.error ?? silent()));
    try {
      read = work(act.objectStore('kept'));
    } catch (error) {
      clearTimeout(limit);
      stop(act);
      throw error;
    }
  });
}
