import { enqueue, type Job } from '../kernel/jobs.ts';
import type { House } from '../kernel/work.ts';
import type { SettingGuard } from '../settings/settings.ts';
import { advance, finish, takeUp } from '../tasks/progress.ts';
import { begin } from '../tasks/tasks.ts';

/*
 * Deleting all revisions, as long work: begun by the act that sets `keepRevisions` to none, done in batches by a
 * worker.
 */

const job = 'revisions-delete';
/**
 * Rows one statement deletes: revisions may be 20,000 characters long, and a batch must stay far below a statement's
 * timeout.
 */
const batch = 1_000;

/**
 * When the organisation decides to keep no revisions, those that exist are deleted. From that act on, none is added.
 */
export const deleteRevisions: SettingGuard = async (work, name, value) => {
  if (name !== 'keepRevisions' || value !== 'none') return;
  const taskId = await begin(work, { kind: job, name: 'revisions' });
  await enqueue(work, job, { taskId }, taskId);
};

/** What a worker does about it. After a crash it goes on with what is left. */
export const revisionJobs = (house: House): Record<string, Job> => ({
  async [job](payload) {
    const { taskId } = payload as { taskId: string };
    const client = await house.db.client('revisions task');
    try {
      await takeUp(client, taskId);
      const { rows } = await client.query<{ total: number }>('select count(*)::int as total from revisions');
      const total = rows[0]!.total;
      let deleted = 0;
      let last: [string, number] = ['00000000-0000-0000-0000-000000000000', 0];
      for (;;) {
        // Walks the key, so that no batch reads over the rows deleted before it. If the organisation
        // decided to keep revisions again meanwhile, those that are left or were added since stay.
        const gone = await client.query<{ id: string; number: number }>(
          `delete from revisions where (message_id, number) in (
             select message_id, number from revisions where (message_id, number) > ($1, $2) order by message_id, number limit $3)
             and exists (select from settings where name = 'keepRevisions' and value = '"none"')
           returning message_id as id, number`,
          [...last, batch],
        );
        if (gone.rows.length === 0) break;
        deleted += gone.rows.length;
        last = gone.rows.map(({ id, number }): [string, number] => [id, number]).reduce(later);
        await advance(client, taskId, Math.min(deleted, total), total);
      }
      const kept = await client.query('select from revisions limit 1');
      await finish(client, taskId, kept.rowCount ? 'stopped' : 'done', { deleted });
    } catch (error) {
      await finish(client, taskId, 'failed', { message: 'Deleting failed; the server’s log says why.' }).catch(
        () => undefined,
      );
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  },
});

/** Ids are compared as PostgreSQL compares them: byte by byte, and so in the order of their text. */
const later = (a: [string, number], b: [string, number]): [string, number] =>
  a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]) ? a : b;
