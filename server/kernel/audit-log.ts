import type { ClientBase } from 'pg';
import type { Actor } from './actor.ts';

/** One line of the audit log. `before` and `after` hold what changed, secrets left out by whoever writes them. */
export type AuditEntry = {
  /** Known once written. */
  id?: number;
  action: string;
  outcome: 'done' | 'refused';
  target?: { kind: string; id: string; name?: string | null };
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
  reason?: string | null;
  /** How many alike this line stands for; 1 unless said. */
  count?: number;
};

/** Who did it, and through which door. */
export type Doer = { actor: Actor; doorway: { door: string; requestId: string; address?: string | undefined } };

/** Writes entries inside the act's own transaction, unchained: the sealer chains them later, so that no act waits for another. */
export async function writeAudit(
  client: Pick<ClientBase, 'query'>,
  { actor, doorway }: Doer,
  entries: readonly AuditEntry[],
  previewToken?: string,
): Promise<void> {
  for (const entry of entries) {
    const { rows } = await client.query<{ id: number }>(
      `insert into audit_entries (actor_id, actor_name, action, outcome, target_kind, target_id, target_name, before, after, reason, door, address, request_id, preview_token, count)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id`,
      [
        actor.id,
        actor.name,
        entry.action,
        entry.outcome,
        entry.target?.kind ?? null,
        entry.target?.id ?? null,
        entry.target?.name ?? null,
        entry.before ? JSON.stringify(entry.before) : null,
        entry.after ? JSON.stringify(entry.after) : null,
        entry.reason ?? null,
        doorway.door,
        doorway.address ?? null,
        doorway.requestId,
        previewToken ?? null,
        entry.count ?? 1,
      ],
    );
    entry.id = rows[0]!.id;
  }
}
