import { shallowRef } from 'vue';
import { MeDocument, type MeQuery } from '../graphql/graphql.ts';
import { queries } from './queries.ts';
import { request } from './request.ts';
import { readStatus, renew, signIn, signOut } from './session.ts';
import { type Status } from './session.ts';
import { deviceName } from '@parley/look/device.ts';

/** Who is signed in; null when nobody is. */
export const me = shallowRef<MeQuery['me'] | null>(null);
/** What the server says of itself; null until it has answered once. */
export const status = shallowRef<Status | null>(null);
/** true while the server does not answer and the page has nothing to show yet. */
export const unreachable = shallowRef(false);

export type Standing = 'in' | 'out' | 'empty';
let standing: Promise<Standing> | null = null;

/** Finds out, once, whether somebody is signed in; waits for as long as the server cannot be asked. */
export function arrive(): Promise<Standing> {
  return (standing ??= find());
}

async function find(): Promise<Standing> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8_000)) {
    try {
      status.value = await readStatus();
      if (status.value.setUp) return 'empty';
      if (!(await renew())) return 'out';
      me.value = (await request(MeDocument, {})).me;
      return 'in';
    } catch {
      unreachable.value = true;
      await new Promise((resolve) => setTimeout(resolve, wait));
    } finally {
      if (status.value) unreachable.value = false;
    }
  }
}

/** Signs in, and reads who that is. Rejects with the server's refusal. */
export async function enter(email: string, password: string): Promise<void> {
  await signIn(email, password, deviceName());
  me.value = (await request(MeDocument, {})).me;
  standing = Promise.resolve('in');
}

/** The session is over, here or elsewhere: nothing that was read stays in memory. */
export function forget() {
  me.value = null;
  queries.clear();
  standing = Promise.resolve('out');
}

export async function leave() {
  await signOut();
  forget();
  location.assign('/admin/sign-in');
}
