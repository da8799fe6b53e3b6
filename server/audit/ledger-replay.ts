import type { Client } from 'pg';
import { isLastOwner, withdraw } from '../access/access.ts';
import type { Role } from '../access/roles.ts';
import { endDevices } from '../identity/devices.ts';
import { endInvitation } from '../identity/invitations.ts';
import { endReset, revokePassword } from '../identity/passwords.ts';
import { system } from '../kernel/actor.ts';
import { claimWatcher, readOutbox, type OutboxEvent } from '../kernel/outbox.ts';
import { inWork, type House, type Work } from '../kernel/work.ts';
import * as users from '../users/users.ts';
import type { Ledger, LedgerEntry, LedgerLine } from './ledger.ts';
import { ledgerEntries } from './ledger-watcher.ts';

/*
 * Before a server opens its doors, the ledger is compared with the position the database knows. A database that is
 * behind is an older copy: what was revoked since is revoked again, in acts of the system that are audited. What the
 * database itself says and the ledger has not heard yet is taken into the ledger first, so that the newest word on each
 * subject counts: a role withdrawn and granted again stays. Nothing is ever given: what was granted after the backup
 * has to be granted again by a person.
 */

/** Answers how many revocations had to be repeated. Throws `LedgerFault` when the ledger is not as it was written. */
export async function replayLedger(house: House, book: Ledger): Promise<number> {
  await book.read();
  const client = await house.db.client('ledger replay');
  try {
    const known = await positionOf(client);
    // Held by a worker of ours, the lock means that the ledger is being kept up already.
    if (await claimWatcher(client, 'ledger')) await book.append(await pendingIn(client), known);
    if (book.number < known)
      house.log.error(
        { ledger: book.number, database: known },
        'the ledger of revocations outside the database is shorter than it was: a restored backup would revive what was revoked',
      );
    const behind = book.lines().filter(({ number, state }) => number > known && state === 'revoked');
    let repeated = 0;
    for (const { kind, open, repeat } of steps) {
      const subjects = behind.filter((line) => line.kind === kind);
      if (subjects.length === 0) continue;
      const { rows } = await client.query<{ subject: string }>(open, [
        subjects.map(({ subject }) => subject),
        subjects.map(({ at }) => at),
      ]);
      for (const { subject } of rows)
        await inWork(house, system('ledger of revocations'), (act) => repeat(act, subject));
      repeated += rows.length;
    }
    if (book.number > known) await client.query('update ledger_position set number = $1', [book.number]);
    if (repeated > 0)
      house.log.warn({ repeated }, 'this database is an older copy: what was revoked since has been revoked again');
    return repeated;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function positionOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ number: number }>('select number from ledger_position');
  return rows[0]?.number ?? 0;
}

/** What the outbox holds beyond the watcher's cursor. The cursor stays: hearing an event twice is harmless. */
async function pendingIn(client: Client): Promise<LedgerEntry[]> {
  const { rows } = await client.query<{ tx: string; id: number }>(
    `select tx::text as tx, id from outbox_cursors where watcher = 'ledger'`,
  );
  let place = rows[0] ?? { tx: '0', id: 0 };
  const pending: LedgerEntry[] = [];
  for (;;) {
    const page = (await client.query<OutboxEvent>(readOutbox, [place.tx, place.id, 1_000, null, null])).rows;
    pending.push(...ledgerEntries(page));
    const last = page.at(-1);
    if (!last) return pending;
    place = last;
  }
}

const reason = 'Revoked before this copy of the database was restored';
const because = 'revoked before a restore';

/**
 * How each kind is revoked again: which of the subjects ($1, with their times $2) are still open here, and what is done
 * to one.
 */
const steps: readonly {
  kind: LedgerLine['kind'];
  open: string;
  repeat(act: Work, subject: string): Promise<unknown>;
}[] = [
  {
    kind: 'role',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join role_grants g on w.subject = g.user_id || ' ' || g.role`,
    async repeat(act, subject) {
      const [userId, role] = subject.split(' ') as [string, Role];
      await withdraw(act, userId, role, { reason, evenLast: true });
    },
  },
  {
    kind: 'person',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join users u on u.id::text = w.subject where u.status <> 'suspended'`,
    async repeat(act, userId) {
      await users.lockUser(act, userId);
      // An owner who is gone must not stay the only one: without any, the set-up page asks for a new one.
      if (await isLastOwner(act, userId)) await withdraw(act, userId, 'owner', { reason, evenLast: true });
      await users.suspend(act, userId, { reason });
    },
  },
  {
    kind: 'password',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join passwords p on p.user_id::text = w.subject
       where p.changed_at < to_timestamp(w.at / 1000.0)`,
    repeat: (act, userId) => revokePassword(act, userId, reason),
  },
  {
    kind: 'device',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join devices d on d.id::text = w.subject where d.ended_at is null`,
    repeat: (act, deviceId) => endDevices(act, 'id = $1', deviceId, because, reason),
  },
  {
    kind: 'invitation',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join invitations i on i.id::text = w.subject
       where i.used_at is null and i.void_at is null`,
    repeat: (act, invitationId) => endInvitation(act, invitationId, because, reason),
  },
  {
    kind: 'reset',
    open: `select w.subject from unnest($1::text[], $2::bigint[]) as w (subject, at) join password_resets r on r.id::text = w.subject
       where r.used_at is null and r.void_at is null`,
    repeat: (act, resetId) => endReset(act, resetId, because, reason),
  },
];
