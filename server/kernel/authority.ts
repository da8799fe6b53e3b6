import type { Declared, Permission } from '@parley/protocol/permissions.ts';
import type { Actor } from './actor.ts';
import { partKey } from './parts.ts';
import type { Work } from './work.ts';

/**
 * What a request shows beside its token: where it came in, and the proof (RFC 9449) that its device holds a key, if it
 * sent one.
 */
export type Shown = {
  door: string;
  method: string;
  path: string;
  host: string | undefined;
  address: string | undefined;
  proof: string | undefined;
};

/**
 * The seam through which doors learn who is calling. Declared here, implemented by `identity` and `access` above the kernel.
 * 1. `identify` answers for a credential once, at the door. It refuses (`unauthenticated`, `session_ended`, `suspended`) rather than guess.
 *    The token of a device with a key counts only with a proof made for this very request; without `shown` there is
 *    none.
 * 2. `refresh` is asked before every call on a connection that stays open: it must be an answer from memory, and it must refuse at once
 *    what was ended or suspended since.
 * 3. `allows` says from memory what a person with a connection may do now: who is told something asks it at the moment
 *    of telling.
 * 4. `narrow` limits a person to these permissions from this moment on, before the act that takes the others away
 *    commits. What it returns takes that back; the events of the committed act replace it.
 * 5. `confirm` reads in the act's own transaction whether the actor still has what the act needs. Acts that confirm run
 *    one after another, so of two that would take each other's actor out, the second is refused.
 * 6. `nonce` is what the next proof must contain. Every answer of the HTTP doors carries it.
 */
export type Authority = {
  identify(token: string, shown?: Shown): Promise<Actor>;
  refresh(actor: Actor): Actor;
  allows(personId: string, permission: Permission): boolean;
  narrow(personId: string, permissions: ReadonlySet<string>): () => void;
  confirm(work: Work, permission: Declared): Promise<void>;
  nonce(): string;
};

export const authority = partKey<Authority>('authority');
