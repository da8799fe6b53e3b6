import { shallowRef } from 'vue';

/*
 * An older page on a newer server: parts of it that were not fetched yet are not there any more. The page says so and
 * offers to load the new one; it never does so by itself, since words may be in hand.
 */

/** The server has another page than this one. Closing the notice sets it back, until the next part is missing. */
export const newVersion = shallowRef(false);
export const sayNewVersion = () => void (newVersion.value = true);

/**
 * Hears of every part of the page that could not be fetched. `base` is the page's address: whether it names another
 * script by now tells an update from a line that is down, of which `missing` hears.
 */
export function watchForNewVersion(base: string, missing: () => void): void {
  const heard = new WeakSet<Error>();
  addEventListener('vite:preloadError', (event) => {
    heard.add((event as Event & { payload: Error }).payload);
    void isReplaced(base).then((replaced) => (replaced ? sayNewVersion() : missing()));
  });
  // It is said on the page: not an error that was overlooked.
  addEventListener('unhandledrejection', (event) => {
    if (event.reason instanceof Error && heard.has(event.reason)) event.preventDefault();
  });
}

async function isReplaced(base: string): Promise<boolean> {
  const own = document.querySelector('script[type="module"][src]')?.getAttribute('src');
  try {
    const response = await fetch(base, { cache: 'no-store' });
    return response.ok && own != null && !(await response.text()).includes(own);
  } catch {
    return false;
  }
}
