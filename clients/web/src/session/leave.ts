import { forgetDrafts } from '../composer/drafts.ts';
import { parley } from '../parley.ts';
import { attempt } from '../ui/notices.ts';

/**
 * Signs out, removes what this device kept, and loads the page anew: nothing of the person may stay in memory.
 */
export async function leave() {
  forgetDrafts();
  await attempt(() => parley.signOut());
  location.assign('/sign-in');
}
