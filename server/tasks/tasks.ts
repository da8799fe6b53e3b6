import { listingOf, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import type { Permission } from '@parley/protocol/permissions.ts';
import type { Database } from '../kernel/database.ts';
import { Download } from '../kernel/download.ts';
import { notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';

/*
 * Long work: somebody starts it, a worker or a command does it, everybody who may sees how far it is. A task row is begun in the act that asks for
 * the work; its progress is written outside any act, as it happens (progress.ts).
 */

export type TaskState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped';

export type Task = {
  id: string;
  kind: string;
  name: string;
  state: TaskState;
  progress: number;
  total: number | null;
  byId: string | null;
  byName: string;
  startedAt: Date | null;
  finishedAt: Date | null;
  result: Record<string, unknown> | null;
  hasFile: boolean;
  fileNeeds: Permission | null;
};

/** `name`: the file it takes in or makes, in nobody's language. `fileNeeds`: what one needs, beside `tasks.read`, to be handed what it made. */
type Draft = { kind: string; name: string; fileNeeds?: Permission };

/** Begins a task in the act that asks for it and returns its id. Whoever calls enqueues the work. */
export async function begin(work: Work, { kind, name, fileNeeds }: Draft): Promise<string> {
  const id = newId();
  const { id: byId, name: byName } = work.actor;
  await work.sql(
    'insert into tasks (id, kind, name, by_id, by_name, made_at, file_needs) values ($1, $2, $3, $4, $5, $6, $7)',
    [id, kind, name, byId, byName, work.at, fileNeeds ?? null],
  );
  const after = {
    kind,
    name,
    state: 'waiting',
    progress: 0,
    madeAt: work.at,
    byId,
    byName,
    fileNeeds: fileNeeds ?? null,
  };
  work.changed({ table: 'tasks', id, op: 'insert', before: null, after });
  work.record('task.begun', { taskId: id, kind });
  return id;
}

/** What a task produced, to be read once. Needs `tasks.read` and what the task says; handing it out is audited. */
export async function openFile(work: Work, id: string): Promise<Download> {
  work.require('tasks.read');
  const [task] = await work.sql<{
    name: string;
    day: string;
    fileNeeds: Permission | null;
    pieces: number;
  }>(
    `select t.name, to_char(t.made_at at time zone 'UTC', 'YYYY-MM-DD') as day, t.file_needs as "fileNeeds", (select count(*)::int from task_files f where f.task_id = t.id) as pieces
     from tasks t where t.id = $1 and t.state = 'done'`,
    [id],
  );
  if (!task || task.pieces === 0 || !task.fileNeeds) throw notFound('file');
  work.require(task.fileNeeds);
  work.audit({ action: 'task.file-opened', target: { kind: 'task', id, name: task.name } });
  const { db } = work;
  const needs: Permission[] = ['tasks.read', task.fileNeeds];
  return new Download(`${task.day}-${task.name}`, 'application/x-ndjson', needs, piecesOf(db, id, task.pieces));
}

async function* piecesOf(db: Database, id: string, pieces: number): AsyncGenerator<string> {
  for (let number = 0; number < pieces; number++) {
    const [row] = await db.rows<{ text: string }>('select text from task_files where task_id = $1 and number = $2', [
      id,
      number,
    ]);
    // Cut short, rather than a file that looks whole and is not.
    if (!row) throw new Error(`piece ${number} of the file of task ${id} is gone`);
    yield row.text;
  }
}

/** Work whose process died says nothing any more; two minutes without a sign of life count as stopped. */
const columns = `t.id, t.kind, t.name, case when t.state = 'running' and t.moved_at < now() - interval '2 minutes' then 'stopped' else t.state end as state, t.progress, t.total,
  t.by_id as "byId", t.by_name as "byName", t.started_at as "startedAt", t.finished_at as "finishedAt", t.result, exists (select from task_files f where f.task_id = t.id) as "hasFile",
  t.file_needs as "fileNeeds"`;

/** Tasks, newest first. Needs `tasks.read`. */
export async function page(
  work: Work,
  { first, after }: { first: number; after?: string | undefined },
): Promise<Listing<Task>> {
  work.require('tasks.read');
  const [at, id] = after === undefined ? [null, null] : placeOf<[string, string]>(work, 'tasks', after);
  const rows = await work.sql<Task & { key: string }>(
    `select ${columns}, t.made_at::text as key from tasks t where $1::timestamptz is null or (t.made_at, t.id) < ($1, $2::uuid) order by t.made_at desc, t.id desc limit ${first + 1}`,
    [at, id],
  );
  const { db } = work;
  const total = async () => (await db.rows<{ count: number }>('select count(*)::int as count from tasks'))[0]!.count;
  return listingOf(
    rows,
    first,
    ({ key: _key, ...node }) => node,
    (row) => cursorAt(work, 'tasks', [row.key, row.id]),
    total,
  );
}
