import type { Database } from './database.ts';
import type { Job } from './jobs.ts';

/** Events that every watcher has taken are kept this long, for whoever wants to look; a watcher that is behind keeps all it has not taken. */
const keptFor = '7 days';

/** Jobs that keep the kernel's own tables small. */
export const housekeeping = (db: Database): Record<string, Job> => ({ 'outbox-trim': () => trimOutbox(db) });
export const housekeepingCrontab = '17 3 * * * outbox-trim';

export async function trimOutbox(db: Database): Promise<void> {
  await db.rows(
    `delete from outbox o where o.at < now() - $1::interval
       and exists (select from outbox_cursors) and not exists (select from outbox_cursors c where (c.tx, c.id) < (o.tx, o.id))`,
    [keptFor],
  );
}
