import { stranger } from '../kernel/actor.ts';
import { recordBurst } from '../kernel/refusals.ts';
import type { Work } from '../kernel/work.ts';
import { identity } from './identity.ts';
import { hmac } from './keys.ts';

/**
 * Audits a refused sign-in: what was attempted against whom, and from where. What was typed is never kept, since people
 * type passwords into the wrong field. Lines are alike by the address that was typed, whether it has an account or not:
 * were they not, the time an answer takes would tell which addresses have one.
 */
export const auditRefusedSignIn = (
  work: Work,
  email: string,
  account: { userId: string; name: string } | null,
  why: string,
): Promise<void> =>
  recordBurst(work.house, `sign-in ${hmac(work.use(identity).keys.names, email).toString('base64url')} ${why}`, {
    actor: stranger,
    entry: {
      action: 'session.started',
      outcome: 'refused',
      reason: account ? why : `${why}: no such account`,
      ...(account ? { target: { kind: 'user', id: account.userId, name: account.name } } : {}),
    },
    doorway: work.doorway,
  });
