import { createHash } from 'node:crypto';
import type { SetUp } from '@parley/protocol/identity.ts';
import type * as z from 'zod/mini';
import { grant } from '../access/access.ts';
import { system } from '../kernel/actor.ts';
import { conflict, Refused } from '../kernel/errors.ts';
import { newSecret } from '../kernel/ids.ts';
import { inWork, type House, type Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import * as users from '../users/users.ts';
import { identity } from './identity.ts';
import { same } from './keys.ts';
import { hashNewPassword } from './password-rules.ts';
import { storePassword } from './passwords.ts';

/*
 * The first owner. An installation without one shows the set-up page, which asks for a code only the operator can read: it is printed in the
 * server's log, lives in memory, and is new at every start.
 */

/** Whether the installation still waits for its first owner. */
export async function isNeeded(house: House): Promise<boolean> {
  const part = house.parts.use(identity);
  // An owner once there stays: the last one can be neither suspended nor withdrawn.
  if (part.setUp.done) return false;
  const owners = await house.db.rows(`select from role_grants where role = 'owner' limit 1`);
  part.setUp.done = owners.length > 0;
  return !part.setUp.done;
}

/** The code to print at the start, or null when the installation has its owner. */
export async function openSetUp(house: House): Promise<string | null> {
  if (!(await isNeeded(house))) return null;
  return (house.parts.use(identity).setUp.code ??= newSecret(15));
}

/** Makes the first owner and names the organisation. Refuses once there is an owner; of several at once, one wins. */
export async function complete(work: Work, input: z.output<typeof SetUp>): Promise<{ userId: string }> {
  const { setUp, limits } = work.use(identity);
  if (!(await isNeeded(work.house))) throw alreadyDone();
  if (!setUp.code || !same(digest(input.code.trim()), digest(setUp.code))) {
    // Only wrong codes are charged: strangers at this address must not keep the operator out.
    await limits.knock('set-up', work.doorway.address ?? 'unknown');
    throw new Refused(
      'wrong_credentials',
      'This is not the set-up code. It stands in the server’s log, and is new at every start.',
    );
  }
  const hash = await hashNewPassword(work, input.password, input);
  const userId = await inWork(work.house, system('set-up'), (act) => makeOwner(act, input, hash), {
    doorway: work.doorway,
  });
  setUp.done = true;
  setUp.code = null;
  return { userId };
}

async function makeOwner(act: Work, input: z.output<typeof SetUp>, hash: string): Promise<string> {
  await act.sql(`select pg_advisory_xact_lock(hashtext('parley set-up'))`);
  const owners = await act.sql(`select from role_grants where role = 'owner' limit 1`);
  if (owners.length > 0) throw alreadyDone();
  const userId = await createPerson(act, { name: input.name, email: input.email, roles: ['owner', 'member'], hash });
  await settings.change(act, 'organisation', input.organisation);
  return userId;
}

export type NewPerson = users.PersonDraft & { roles: Parameters<typeof grant>[2][]; hash: string | null };

/** A person with roles and, unless `hash` is null, a password: for set-up and for made-up companies. */
export async function createPerson(work: Work, { roles, hash, ...draft }: NewPerson): Promise<string> {
  const userId = await users.create(work, draft);
  for (const role of roles) await grant(work, userId, role);
  if (hash) await storePassword(work, userId, hash);
  return userId;
}

const digest = (text: string) => createHash('sha256').update(text).digest();
const alreadyDone = () => conflict('This installation already has its owner.');
