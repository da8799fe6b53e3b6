import { shallowRef } from 'vue';
import type { Status } from '@parley/sdk/client.ts';
import { parley } from '../parley.ts';

/** What the server says of itself; null until it has answered once. */
export const status = shallowRef<Status | null>(null);
/** true while the server does not answer and the page has nothing to show yet. */
export const unreachable = shallowRef(false);
/** `in`: signed in. `out`: nobody is. `empty`: the installation waits for its first owner. */
export type Standing = 'in' | 'out' | 'empty';
let standing: Promise<Standing> | null = null;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function find(): Promise<Standing> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      const said = (status.value = await parley.status());
      if (said.setUp) return 'empty';
      if (!(await parley.resume())) return 'out';
      parley.start();
      return 'in';
    } catch {
      unreachable.value = true;
      await pause(wait);
    } finally {
      if (status.value) unreachable.value = false;
    }
  }
}

/** Finds out, once, whether somebody is signed in; waits for as long as the server cannot be asked. */
export function arrive(): Promise<Standing> {
  return (standing ??= find());
}

/**
 * After signing in. The browser is asked once to keep what this site stores when it runs out of space: a person who has
 * just signed in means to use it, and some browsers ask them. Whatever the answer is, nothing depends on it.
 */
export function enter() {
  const store = navigator.storage as StorageManager | undefined;
  void store?.persist?.().catch(() => undefined);
  standing = Promise.resolve('in');
  parley.start();
}

/** After signing out, or when the session was ended elsewhere. */
export function forget() {
  standing = Promise.resolve('out');
}

/** After the first owner was made. */
export function ready() {
  if (status.value) status.value = { ...status.value, setUp: false };
  standing = Promise.resolve('out');
}
