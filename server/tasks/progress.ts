import type { ClientBase } from 'pg';
import { newId } from '../kernel/ids.ts';
import type { TaskState } from './tasks.ts';

/*
 * What whoever does a task's work writes down as it goes: outside any act, since it is neither decision nor talk, only a sign of life.
 */

type Client = Pick<ClientBase, 'query'>;

/** Begins a task for work no act asked for: a command of the operator. */
export async function beginByHand(
  client: Client,
  { kind, name, by }: { kind: string; name: string; by: string },
): Promise<string> {
  const id = newId();
  await client.query(
    `insert into tasks (id, kind, name, by_name, state, started_at, moved_at) values ($1, $2, $3, $4, 'running', now(), now())`,
    [id, kind, name, by],
  );
  return id;
}

/** A worker takes the task up, perhaps again after a crash. */
export async function takeUp(client: Client, id: string): Promise<void> {
  await client.query(
    `update tasks set state = 'running', progress = 0, total = null, started_at = coalesce(started_at, now()), moved_at = now(), finished_at = null, result = null where id = $1`,
    [id],
  );
}

export async function advance(client: Client, id: string, progress: number, total: number | null): Promise<void> {
  await client.query('update tasks set progress = $2, total = $3, moved_at = now() where id = $1', [
    id,
    progress,
    total,
  ]);
}

export async function finish(
  client: Client,
  id: string,
  state: Exclude<TaskState, 'waiting' | 'running'>,
  result: Record<string, unknown>,
): Promise<void> {
  await client.query(
    `update tasks set state = $2, progress = case when $2 = 'done' then coalesce(total, progress) else progress end, result = $3, moved_at = now(), finished_at = now() where id = $1`,
    [id, state, JSON.stringify(result)],
  );
}

/** Stores what a task produces, piece by piece; taking it up again begins anew. */
export async function storeFile(client: Client, id: string, pieces: AsyncIterable<string>): Promise<void> {
  await client.query('delete from task_files where task_id = $1', [id]);
  let number = 0;
  for await (const text of pieces)
    await client.query('insert into task_files (task_id, number, text) values ($1, $2, $3)', [id, number++, text]);
}
