import { hash as argon2, verify as argon2Verify } from '@node-rs/argon2';
import { overloaded } from '../kernel/errors.ts';
import { normalisedPassword } from '@parley/protocol/passwords.ts';
import { newSecret } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';
import type { SuspensionGuard } from '../users/users.ts';

/*
 * Passwords as argon2id, in the PHC string that carries its own parameters. Hashes leave this file for the database only: they are written by
 * SQL and told to the plan without their value, since a plan is shown to people.
 */

// The library's algorithm is argon2id. 19 MiB, two passes, one lane: about 60 ms of one core.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashing is heavy: so many at once, so many waiting, and beyond that the server says so instead of drowning. Browsers
 * an account knows, and people who showed a right link or code, have a queue of their own that goes first: strangers
 * who guess must not make them wait.
 */
const atOnce = 4;
const waitingMost = 200;
let running = 0;
const waiting: Record<'first' | 'strangers', (() => void)[]> = { first: [], strangers: [] };

async function inTurn<T>(queue: (() => void)[], run: () => Promise<T>): Promise<T> {
  if (running >= atOnce) {
    if (queue.length >= waitingMost) throw overloaded(2_000);
    await new Promise<void>((resolve) => queue.push(resolve));
  } else running++;
  try {
    return await run();
  } finally {
    const next = waiting.first.shift() ?? waiting.strangers.shift();
    if (next) next();
    else running--;
  }
}

export const hashPassword = (password: string): Promise<string> =>
  inTurn(waiting.first, () => argon2(normalisedPassword(password), cost));

/**
 * Whether the password is right. Without a hash (no such account, none set) the same work is done in vain, so that time
 * tells nothing. `first` goes before strangers.
 */
export async function verifyPassword(
  password: string,
  hash: string | null,
  { first }: { first: boolean },
): Promise<boolean> {
  const against = hash ?? (await decoy());
  const queue = first ? waiting.first : waiting.strangers;
  const normalised = normalisedPassword(password);
  const right =
    (await inTurn(queue, () => argon2Verify(against, normalised))) ||
    // Hashed before passwords were normalised.
    (normalised !== password && (await inTurn(queue, () => argon2Verify(against, password))));
  return right && hash !== null;
}

let made: Promise<string> | undefined;
/** The hash of a password nobody knows. */
const decoy = () => (made ??= argon2(newSecret(), cost));

/** Makes the decoy before the first stranger comes, who would otherwise wait for it and learn from that. */
export const readyDecoy = async (): Promise<void> => void (await decoy());

/**
 * Sets a person's password, and voids their reset links. The caller has judged who may, and holds the person's lock
 * where they existed before.
 */
export async function storePassword(
  work: Work,
  userId: string,
  hash: string,
  after: Record<string, unknown> = {},
): Promise<void> {
  await voidResets(work, userId);
  await work.sql(
    `insert into passwords (user_id, hash, changed_at) values ($1, $2, $3) on conflict (user_id) do update set hash = excluded.hash, changed_at = excluded.changed_at`,
    [userId, hash, work.at],
  );
  work.changed({
    table: 'passwords',
    id: userId,
    op: 'update',
    before: null,
    after: { changedAt: work.at },
  });
  work.record('password.changed', { userId, changedAt: work.at.toISOString() });
  work.audit({ action: 'password.changed', target: { kind: 'user', id: userId }, after });
}

/** One-time links for a new password open nothing any more. */
export const voidResets = async (work: Work, userId: string): Promise<void> =>
  void (await voidWhere(work, 'user_id', userId));

/** Voids one link, which was used or voided before this copy of the database was restored. */
export async function endReset(work: Work, id: string, because: string, reason: string): Promise<void> {
  for (const { userId } of await voidWhere(work, 'id', id))
    work.audit({ action: 'password.reset_ended', target: { kind: 'user', id: userId }, after: { because }, reason });
}

async function voidWhere(
  work: Work,
  column: 'id' | 'user_id',
  value: string,
): Promise<{ id: string; userId: string }[]> {
  const voided = await work.sql<{ id: string; userId: string }>(
    `update password_resets set void_at = $2 where ${column} = $1 and used_at is null and void_at is null returning id, user_id as "userId"`,
    [value, work.at],
  );
  for (const { id, userId } of voided.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    work.changed({
      table: 'password_resets',
      id,
      op: 'update',
      before: { userId, voidAt: null },
      after: { userId, voidAt: work.at },
    });
    work.record('password.reset_ended', { resetId: id, userId });
  }
  return voided;
}

/** As a guard of suspensions: a suspended person must not come back by a link that was made before. */
export const voidResetsOfSuspended: SuspensionGuard = (work, user) => voidResets(work, user.id);

/** Takes a person's password away: they come in again by a new link only. */
export async function revokePassword(work: Work, userId: string, reason: string | null): Promise<void> {
  const gone = await work.sql('delete from passwords where user_id = $1 returning user_id', [userId]);
  if (gone.length === 0) return;
  work.changed({ table: 'passwords', id: userId, op: 'delete', before: { userId }, after: null });
  work.record('password.revoked', { userId });
  work.audit({ action: 'password.revoked', target: { kind: 'user', id: userId }, reason });
}
