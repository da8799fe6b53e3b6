import { enqueue, type Job } from '../kernel/jobs.ts';
import type { House, Work } from '../kernel/work.ts';
import { advance, finish, storeFile, takeUp } from '../tasks/progress.ts';
import { begin } from '../tasks/tasks.ts';
import { exportAudit, exportLines, rangeOf, type ExportAsked, type ExportRange } from './export.ts';

/*
 * An export as long work: begun by an act, written by a worker into the task's file, fetched when it is done.
 */

const job = 'audit-export';
/** Characters of one stored piece. */
const piece = 256 * 1024;

/** Begins an export of the audit log and returns its task. Needs `audit.read`; the export is audited with the act. */
export async function beginExport(work: Work, asked: ExportAsked, why: { reason: string | null }): Promise<string> {
  const range = await rangeOf(work, asked);
  const { fileName } = await exportAudit(work, range, why);
  const taskId = await begin(work, { kind: job, name: fileName, fileNeeds: 'audit.read' });
  await enqueue(work, job, { taskId, range }, taskId);
  return taskId;
}

/** What a worker does about it. Runs again after a crash, from the beginning. */
export const auditJobs = (house: House): Record<string, Job> => ({
  async [job](payload) {
    const { taskId, range } = payload as { taskId: string; range: ExportRange };
    const client = await house.db.client('audit export task');
    try {
      await takeUp(client, taskId);
      const [bounds] = (
        await client.query<{ total: number }>(
          'select count(*)::int as total from audit_entries where position between $1 and coalesce($2, position)',
          [range.from ?? 1, range.to ?? null],
        )
      ).rows;
      let lines = 0;
      async function* pieces() {
        let text = '';
        for await (const line of exportLines(house, range)) {
          text += line;
          lines++;
          if (text.length < piece) continue;
          yield text;
          text = '';
          await advance(client, taskId, Math.min(lines, bounds!.total), bounds!.total);
        }
        yield text;
      }
      await storeFile(client, taskId, pieces());
      await advance(client, taskId, bounds!.total, bounds!.total);
      await finish(client, taskId, 'done', { entries: bounds!.total });
    } catch (error) {
      await finish(client, taskId, 'failed', { message: 'The export failed; the server’s log says why.' }).catch(
        () => undefined,
      );
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  },
});
