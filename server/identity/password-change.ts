import type { PasswordChange } from '@parley/protocol/identity.ts';
import type * as z from 'zod/mini';
import { conflict, Refused } from '../kernel/errors.ts';
import { inWork, type Work } from '../kernel/work.ts';
import { lockUser } from '../users/users.ts';
import { endOthers } from './devices.ts';
import { identity } from './identity.ts';
import { markFor } from './known-device.ts';
import { hashNewPassword } from './password-rules.ts';
import { storePassword, verifyPassword } from './passwords.ts';

type Own = { name: string; email: string | null; key: string | null; hash: string | null; changedAt: Date | null };

/**
 * Changes the acting person's own password. The current one is asked for, since an unlocked screen must not be enough
 * to take an account over: guesses are counted by device, as at signing in, and audited. This device stays signed in;
 * answered with its new known-device mark.
 */
export async function change(
  work: Work,
  input: z.output<typeof PasswordChange>,
  mark?: string,
): Promise<{ mark: string }> {
  const userId = work.person();
  const { keys } = work.use(identity);
  const [own] = await work.db.rows<Own>(
    `select u.name, u.email, address_key(u.email) as key, p.hash, p.changed_at as "changedAt" from users u left join passwords p on p.user_id = u.id where u.id = $1`,
    [userId],
    'own password',
  );
  if (!own?.hash) throw conflict('This account has no password. Ask an administrator for a link to set one.');
  await requireCurrent(work, own, input.current);
  if (input.password === input.current) throw conflict('The new password is the current one. Choose another.');
  const hash = await hashNewPassword(work, input.password, own);
  const at = await inWork(work.house, work.actor, (act) => replace(act, own, hash, input.endOthers), {
    doorway: work.doorway,
  });
  return { mark: markFor(keys, mark, { userId, passwordChangedAt: at }) };
}

async function requireCurrent(work: Work, own: Own, current: string): Promise<void> {
  const { limits } = work.use(identity);
  const attempt = await limits.attempt({
    address: work.doorway.address ?? 'unknown',
    email: own.key ?? work.person(),
    // The device is signed in: it has guesses of its own, which strangers cannot use up.
    known: `device ${work.actor.deviceId}`,
  });
  if (await verifyPassword(current, own.hash, { first: true })) return attempt.forgive();
  await inWork(
    work.house,
    work.actor,
    async (act) =>
      act.audit({
        action: 'password.changed',
        outcome: 'refused',
        target: { kind: 'user', id: act.person(), name: own.name },
        reason: 'wrong password',
      }),
    { doorway: work.doorway },
  );
  throw new Refused('wrong_credentials', 'The current password is wrong.');
}

async function replace(act: Work, own: Own, hash: string, alsoEndOthers: boolean): Promise<Date> {
  const userId = act.person();
  const user = await lockUser(act, userId);
  if (user.status !== 'active') throw new Refused('suspended', 'This account is suspended. Ask an administrator.');
  // Every act that sets a password holds the lock of the person: this one stays as it is until we are done.
  const [now] = await act.sql<{ changedAt: Date }>(
    'select changed_at as "changedAt" from passwords where user_id = $1',
    [userId],
  );
  // The current password that was proven is no longer the current one.
  if (now?.changedAt.getTime() !== own.changedAt?.getTime())
    throw conflict('The password was changed at the same moment. Sign in with the newer one.');
  const live = await act.sql('select from devices where id = $1 and ended_at is null', [act.actor.deviceId]);
  if (live.length === 0) throw new Refused('session_ended', 'This session has ended. Sign in again.');
  await storePassword(act, userId, hash);
  if (alsoEndOthers) await endOthers(act, 'password changed');
  return act.at;
}
