import type { Router } from 'vue-router';
import { parley } from '../parley.ts';
import { enter } from './arrive.ts';

/**
 * Signs in with a password that a one-time link has just set, and opens the chat. The link is spent by now: what goes
 * wrong from here on is mended by signing in.
 */
export async function comeIn(router: Router, email: string, password: string): Promise<void> {
  try {
    await parley.signIn({ email, password });
    enter();
    await router.replace('/');
  } catch {
    location.assign('/sign-in');
  }
}
