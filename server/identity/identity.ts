import { guardEdit, guardReactivation, guardSuspension } from '../access/access.ts';
import { authority } from '../kernel/authority.ts';
import { partKey } from '../kernel/parts.ts';
import type { House } from '../kernel/work.ts';
import { editGuards, reactivationGuards, suspensionGuards } from '../users/users.ts';
import { createAuthority } from './authority.ts';
import { DeviceProofs } from './device-proof.ts';
import { endDevicesOfSuspended } from './devices.ts';
import { deriveKeys, type Keys } from './keys.ts';
import { readyDecoy, voidResetsOfSuspended } from './passwords.ts';
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts';

/*
 * Who is calling: passwords, devices and their tokens, the limits on guessing, and the answer every door asks for. Promises:
 * ending a device or suspending a person takes effect at the next call; nothing stored can be used to sign in; strangers cannot lock anyone out.
 */

export type Identity = {
  keys: Keys;
  limits: SignInLimits;
  proofs: DeviceProofs;
  /** The address people reach Parley under, for links; null where nobody said. */
  publicUrl: string | null;
  /** Cookies travel over TLS only. Set when the public address says https. */
  secureCookies: boolean;
  setUp: { code: string | null; done: boolean };
  version: string;
};

export const identity = partKey<Identity>('identity');

export type IdentityOptions = {
  secret: string;
  publicUrl: string | null;
  origins: readonly string[];
  signInsPerMinute: number;
  version: string;
};

/** Installs everything doors and verbs need to know who is calling and what happens when somebody is suspended. */
export function installIdentity(house: House, options: IdentityOptions): void {
  const keys = deriveKeys(options.secret);
  const proofs = new DeviceProofs(keys, options);
  house.parts.install(identity, {
    keys,
    limits: createSignInLimits(keys, options.signInsPerMinute),
    proofs,
    publicUrl: options.publicUrl,
    secureCookies: options.publicUrl?.startsWith('https:') ?? false,
    setUp: { code: null, done: false },
    version: options.version,
  });
  house.parts.install(authority, createAuthority(house, keys, proofs));
  house.parts.install(suspensionGuards, [guardSuspension, endDevicesOfSuspended, voidResetsOfSuspended]);
  house.parts.install(reactivationGuards, [guardReactivation]);
  house.parts.install(editGuards, [guardEdit]);
  void readyDecoy();
}
