import type { Database } from './database.ts';

/**
 * A restored dump begins its transaction ids anew, below those its rows remember: every new event would sort before the cursors and never be
 * read. So all restored events move into one early transaction, numbered in their old order, and every cursor moves with them.
 * Runs at boot, under a lock; answers whether anything had to be done.
 */
export async function rebaseRestored(db: Database): Promise<boolean> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtext('parley rebase'))`);
    const { rows } = await client.query<{ ahead: boolean }>(
      `select greatest((select max(tx) from outbox), (select max(tx) from outbox_cursors), (select max(tx) from audit_entries where position is null))
         >= pg_snapshot_xmax(pg_current_snapshot()) as ahead`,
    );
    const ahead = rows[0]!.ahead === true;
    if (ahead) {
      await client.query(
        `create temp table moved on commit drop as select tx as old_tx, id as old_id, row_number() over (order by tx, id) as place from outbox`,
      );
      await client.query(
        `update outbox_cursors c set id = (select count(*) from moved m where (m.old_tx, m.old_id) <= (c.tx, c.id)), tx = '3',
           claimed_id = (select count(*) from moved m where (m.old_tx, m.old_id) <= (c.claimed_tx, c.claimed_id)), claimed_tx = case when c.claimed_tx is not null then '3'::xid8 end`,
      );
      await client.query(
        `create temp table kept on commit drop as select m.place, o.type, o.payload, o.actor_id, o.at from outbox o join moved m on m.old_tx = o.tx and m.old_id = o.id`,
      );
      await client.query('truncate outbox restart identity');
      await client.query(
        `insert into outbox (tx, id, type, payload, actor_id, at) overriding system value select '3', place, type, payload, actor_id, at from kept`,
      );
      await client.query(
        `select setval(pg_get_serial_sequence('outbox', 'id'), greatest((select coalesce(max(id), 0) from outbox), 1))`,
      );
      // The trigger that keeps entries as they are would refuse this as well; a backup of a living server nearly always
      // holds one that is unsealed.
      await client.query('alter table audit_entries disable trigger audit_entries_fixed');
      await client.query(
        `update audit_entries set tx = '3' where position is null and tx >= pg_snapshot_xmax(pg_current_snapshot())`,
      );
      await client.query('alter table audit_entries enable trigger audit_entries_fixed');
    }
    await client.query('commit');
    return ahead;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
