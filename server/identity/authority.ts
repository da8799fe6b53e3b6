import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import type { RightsGuard } from '../access/access.ts';
import { permissionsOf } from '../access/roles.ts';
import type { Declared } from '@parley/protocol/permissions.ts';
import { mayEnter, stranger, type Actor } from '../kernel/actor.ts';
import { authority, type Authority, type Shown } from '../kernel/authority.ts';
import { now } from '../kernel/clock.ts';
import { forbidden, Refused, unauthenticated } from '../kernel/errors.ts';
import type { Happening } from '../kernel/events.ts';
import { recordBurst } from '../kernel/refusals.ts';
import type { House, Work } from '../kernel/work.ts';
import { accessSeconds, readAccess, type AccessClaims } from './access-token.ts';
import { isProof, type DeviceProofs } from './device-proof.ts';
import type { Keys } from './keys.ts';

/** Where a person stands, as doors need it. */
type Standing = {
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  roles: readonly string[];
  permissions: ReadonlySet<string>;
};

type Row = {
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  device: string;
  endedAt: Date | null;
  /** The generation of the refresh token in force, while no access token made from it has been used. */
  unusedGeneration: number | null;
  roles: string[];
};

/**
 * Answers doors who is calling.
 * 1. `identify` reads the token and then the database: device, person and roles in one statement, once a connection or request.
 * 2. What it read stays in memory and is moved by events in the moment they are announced, so `refresh` needs no query and is never late:
 *    an ended device, a suspended person, a role granted or withdrawn counts from the next call on.
 * 3. What an act under way takes from a person is taken before it commits (`narrow`), and again by the event after it;
 *    an act that fails gives it back.
 * 4. The first use of an access token made from a new refresh token is written down: from then on the token before is
 *    spent.
 * 5. An event that arrives while `identify` reads makes it read again: its answer would otherwise be older than the
 *    event.
 */
export function createAuthority(house: House, keys: Keys, proofs: DeviceProofs): Authority {
  const standings = new Map<string, Standing>();
  const narrowed = new Map<string, ReadonlySet<string>>();
  const endedDevices = new Map<string, number>();
  let moves = 0;

  const hear = (type: string, apply: (payload: Record<string, unknown>) => void) =>
    house.events.on(type, (event: Happening) => {
      moves++;
      apply(event.payload);
    });
  const amend = (userId: unknown, change: (standing: Standing) => Partial<Standing>) => {
    const standing = standings.get(String(userId));
    if (standing) standings.set(String(userId), withPermissions({ ...standing, ...change(standing) }));
  };
  hear('session.ended', ({ deviceId }) => {
    endedDevices.set(String(deviceId), now());
    forget(endedDevices);
  });
  hear('user.suspended', ({ userId }) => {
    amend(userId, () => ({ status: 'suspended' }));
    narrowed.delete(String(userId));
  });
  hear('user.reactivated', ({ userId }) => amend(userId, () => ({ status: 'active' })));
  hear('role.granted', ({ userId, role }) => amend(userId, ({ roles }) => ({ roles: [...roles, String(role)] })));
  hear('role.withdrawn', ({ userId, role }) => {
    amend(userId, ({ roles }) => ({ roles: roles.filter((held) => held !== role) }));
    narrowed.delete(String(userId));
  });

  const permissionsNow = (userId: string, standing: Standing) => narrowed.get(userId) ?? standing.permissions;

  async function load(userId: string, deviceId: string): Promise<Row | undefined> {
    for (let attempt = 0; ; attempt++) {
      const before = moves;
      const [row] = await house.db.rows<Row>(standingSql, [deviceId, userId], 'standing');
      if (before === moves || attempt === 5) return row;
    }
  }

  return {
    async identify(token, shown) {
      const claims = await readAccess(keys, token);
      const { userId, deviceId } = claims;
      const row = await load(userId, deviceId);
      if (!row) throw sessionEnded();
      if (claims.keyThumbprint) await requireProof(house, proofs, token, claims, row.device, shown);
      const standing = withPermissions({
        name: row.name,
        kind: row.kind,
        status: row.status,
        roles: row.roles,
        permissions: new Set(),
      });
      standings.set(userId, standing);
      // Said first: somebody suspended should hear why the device ended.
      requireActive(standing);
      if (row.endedAt || endedDevices.has(deviceId)) throw sessionEnded();
      if (row.unusedGeneration === claims.generation)
        await house.db.rows(useSql, [deviceId, claims.generation, new Date(now())]);
      return {
        kind: row.kind === 'bot' ? 'bot' : 'person',
        id: userId,
        name: row.name,
        deviceId,
        permissions: permissionsNow(userId, standing),
      };
    },

    refresh(actor) {
      if (!actor.id) return actor;
      const standing = standings.get(actor.id);
      if (standing) requireActive(standing);
      if (actor.deviceId && endedDevices.has(actor.deviceId)) throw sessionEnded();
      const permissions = standing && permissionsNow(actor.id, standing);
      if (!permissions || permissions === actor.permissions) return actor;
      return { ...actor, permissions } satisfies Actor;
    },

    allows(personId, permission) {
      const standing = standings.get(personId);
      return standing?.status === 'active' && permissionsNow(personId, standing).has(permission);
    },

    narrow(personId, permissions) {
      narrowed.set(personId, permissions);
      return () => void narrowed.delete(personId);
    },

    confirm,

    nonce: () => proofs.nonce(),
  };
}

/** What an act takes from a person, they are without before it commits; if it fails, they have it again. */
export const narrowAuthority: RightsGuard = (work, userId, permissions) =>
  work.beforeCommit(() => work.onRollback(work.use(authority).narrow(userId, permissions)));

/**
 * Takes the turn of acts that need a right, and reads on a fresh snapshot whether the actor still has it. Row locks
 * would do the same with a deadlock each time two people act on each other: each holds itself and waits for the other.
 */
async function confirm(work: Work, permission: Declared): Promise<void> {
  const { id, deviceId } = work.actor;
  if (!id) return;
  await work.sql(`select pg_advisory_xact_lock(hashtext('parley standing'))`);
  const [row] = await work.sql<Row>(standingSql, [deviceId, id]);
  if (!row) throw sessionEnded();
  requireActive(row);
  if (row.endedAt) throw sessionEnded();
  const permissions: ReadonlySet<string> = permissionsOf(row.roles);
  if (!mayEnter({ ...work.actor, permissions }, permission))
    throw forbidden(`This needs the permission ${permission}, which was taken from you a moment ago.`);
  // The verb judges by the permissions the door read: an actor who lost one since must start again at the door.
  if ([...work.actor.permissions].some((held) => !permissions.has(held)))
    throw new Refused('moved', 'Your own rights changed a moment ago. Look at the plan again.');
}

const standingSql = `
  select u.name, u.kind, u.status, d.name as device, d.ended_at as "endedAt",
    case when d.successor_used_at is null and d.previous_hash is not null then d.generation end as "unusedGeneration", array(select g.role from role_grants g where g.user_id = u.id) as roles
  from devices d join users u on u.id = d.user_id where d.id = $1 and u.id = $2`;

const useSql = `
  update devices set successor_used_at = $3 where id = $1 and generation = $2 and successor_used_at is null`;

/**
 * A copied token lacks the key: its use is refused and audited, and changes nothing for the device it was copied from.
 */
async function requireProof(
  house: House,
  proofs: DeviceProofs,
  token: string,
  { deviceId, keyThumbprint }: AccessClaims,
  device: string,
  shown: Shown | undefined,
): Promise<void> {
  const proof = await proofs.read(shown, token);
  const fault = !isProof(proof)
    ? proof.fault
    : proof.thumbprint === keyThumbprint
      ? proofs.spend(proof)?.fault
      : 'another key';
  if (fault === undefined) return;
  await recordBurst(house, `proof ${deviceId}`, {
    actor: stranger,
    entry: {
      action: 'session.used',
      outcome: 'refused',
      target: { kind: 'device', id: deviceId, name: device },
      reason: fault,
    },
    doorway: { door: shown?.door ?? 'system', address: shown?.address },
  });
  throw unauthenticated(`This session is bound to a key of its device: ${fault}.`);
}

const sessionEnded = () => new Refused('session_ended', 'This session has ended. Sign in again.');

const withPermissions = (standing: Standing): Standing => ({ ...standing, permissions: permissionsOf(standing.roles) });

function requireActive(standing: Pick<Standing, 'status'>): void {
  if (standing.status === 'suspended')
    throw new Refused('suspended', 'This account is suspended. Ask an administrator.');
  if (standing.status !== 'active') throw sessionEnded();
}

/** The database refuses an ended device by itself; memory is only for those who were already in, and for tokens still good. */
function forget(ended: Map<string, number>): void {
  if (ended.size < 10_000) return;
  const oldest = now() - 2 * accessSeconds * 1_000;
  for (const [deviceId, at] of ended) if (at < oldest) ended.delete(deviceId);
}
