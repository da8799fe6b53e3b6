import type { ClientBase } from 'pg';
import type { OutboxEvent, Watcher } from '../kernel/outbox.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** What an event means for the ledger; most mean nothing. */
const entries: Record<string, (payload: Record<string, unknown>) => Omit<LedgerEntry, 'at'> & { at?: number }> = {
  'session.ended': ({ deviceId }) => ({ kind: 'device', subject: String(deviceId), state: 'revoked' }),
  'invitation.ended': ({ invitationId }) => ({ kind: 'invitation', subject: String(invitationId), state: 'revoked' }),
  'password.reset_ended': ({ resetId }) => ({ kind: 'reset', subject: String(resetId), state: 'revoked' }),
  'role.withdrawn': ({ userId, role }) => ({
    kind: 'role',
    subject: `${String(userId)} ${String(role)}`,
    state: 'revoked',
  }),
  'role.granted': ({ userId, role }) => ({
    kind: 'role',
    subject: `${String(userId)} ${String(role)}`,
    state: 'restored',
  }),
  'user.suspended': ({ userId }) => ({ kind: 'person', subject: String(userId), state: 'revoked' }),
  'user.reactivated': ({ userId }) => ({ kind: 'person', subject: String(userId), state: 'restored' }),
  // The time of the change tells the password that was replaced from the one that replaced it.
  'password.changed': ({ userId, changedAt }) => ({
    kind: 'password',
    subject: String(userId),
    state: 'revoked',
    ...(typeof changedAt === 'string' ? { at: Date.parse(changedAt) } : {}),
  }),
  'password.revoked': ({ userId }) => ({ kind: 'password', subject: String(userId), state: 'revoked' }),
};

export const ledgerEntries = (events: readonly OutboxEvent[]): LedgerEntry[] =>
  events.flatMap(({ type, payload, at }) => {
    const entry = entries[type]?.(payload);
    return entry ? [{ at: at.getTime(), ...entry }] : [];
  });

/**
 * Takes revocations out of the database as they happen. The file is flushed before the cursor and the position move.
 */
export const ledgerWatcher = (book: Ledger): Watcher => ({
  name: 'ledger',
  inside: true,
  take: (events, client) => take(book, events, client),
});

async function take(book: Ledger, events: OutboxEvent[], client: ClientBase): Promise<void> {
  const news = ledgerEntries(events);
  if (news.length === 0) return;
  const { rows } = await client.query<{ number: number }>('select number from ledger_position');
  const known = rows[0]?.number ?? 0;
  await book.append(news, known);
  if (book.number > known) await client.query('update ledger_position set number = $1', [book.number]);
}
