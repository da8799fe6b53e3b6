import { hash as argon2, verify as argon2Verify } from '@node-rs/argon2';
import { overloaded } from '../kernel/errors.ts';
import { newSecret } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';

/*
 * Passwords as argon2id, in the PHC string that carries its own parameters. Hashes leave this file for the database only: they are written by
 * SQL and told to the plan without their value, since a plan is shown to people.
 */

// The library's algorithm is argon2id. 19 MiB, two passes, one lane: about 60 ms of one core.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashing is heavy: so many at once, so many waiting, and beyond that the server says so instead of drowning. */
const atOnce = 4;
const waitingMost = 200;
let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  if (running >= atOnce) {
    if (waiting.length >= waitingMost) throw overloaded(2_000);
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

export const hashPassword = (password: string): Promise<string> => inTurn(() => argon2(password, cost));

/** Whether the password is right. Without a hash (no such account, none set) the same work is done in vain, so that time tells nothing. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const against = hash ?? (await decoy());
  const right = await inTurn(() => argon2Verify(against, password));
  return right && hash !== null;
}

let made: Promise<string> | undefined;
/** The hash of a password nobody knows. */
const decoy = () => (made ??= argon2(newSecret(), cost));

/** Makes the decoy before the first stranger comes, who would otherwise wait for it and learn from that. */
export const readyDecoy = async (): Promise<void> => void (await decoy());

/** Sets a person's password. Whoever calls has judged who may. */
export async function storePassword(work: Work, userId: string, hash: string): Promise<void> {
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
  work.audit({ action: 'password.changed', target: { kind: 'user', id: userId } });
}

/** Takes a person's password away: they come in again by a new link only. */
export async function revokePassword(work: Work, userId: string, reason: string): Promise<void> {
  const gone = await work.sql('delete from passwords where user_id = $1 returning user_id', [userId]);
  if (gone.length === 0) return;
  work.changed({ table: 'passwords', id: userId, op: 'delete', before: { userId }, after: null });
  work.record('password.revoked', { userId });
  work.audit({ action: 'password.revoked', target: { kind: 'user', id: userId }, reason });
}
