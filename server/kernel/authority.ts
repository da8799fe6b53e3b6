import type { Actor } from './actor.ts';
import { partKey } from './parts.ts';

/**
 * The seam through which doors learn who is calling. Declared here, implemented by `identity` and `access` above the kernel.
 * 1. `identify` answers for a credential once, at the door. It refuses (`unauthenticated`, `session_ended`, `suspended`) rather than guess.
 * 2. `refresh` is asked before every call on a connection that stays open: it must be an answer from memory, and it must refuse at once
 *    what was ended or suspended since.
 */
export type Authority = {
  identify(token: string): Promise<Actor>;
  refresh(actor: Actor): Actor;
};

export const authority = partKey<Authority>('authority');
