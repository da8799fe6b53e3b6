import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importFile } from '../imports/imports.ts';
import { newId } from '../kernel/ids.ts';
import { until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let olga: Visitor;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'parley-tasks-'));
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true });
});

type Task = {
  id: string;
  kind: string;
  name: string;
  state: string;
  progress: number;
  total: number | null;
  by: { name: string } | null;
  byName: string;
  startedAt: string | null;
  finishedAt: string | null;
  result: Record<string, unknown> | null;
  hasFile: boolean;
};
async function tasks(who = olga): Promise<Task[]> {
  const { data } = await who.graphql(
    '{ tasks { edges { node { id kind name state progress total by { name } byName startedAt finishedAt result hasFile } } } }',
  );
  return (data as unknown as { tasks: { edges: { node: Task }[] } }).tasks.edges.map(({ node }) => node);
}

test('an export of the audit log is begun by an act, done by a worker, and what comes out holds against the public key', async () => {
  await until(async () => (await world.db.rows('select from audit_statements')).length > 0, 'the log to be begun');
  // A batch is signed when it is full.
  await world.db.rows(
    `insert into audit_entries (actor_name, action, outcome) select 'test', 'x.done', 'done' from generate_series(1, 1500)`,
  );
  await until(
    async () => (await world.db.rows(`select from audit_statements where kind = 'checkpoint'`)).length > 0,
    'a batch to be signed',
  );
  const [sealed] = await world.db.rows<{ id: number }>('select max(id) as id from audit_entries');
  await until(
    async () =>
      (await world.db.rows('select from audit_entries where position is null and id <= $1', [sealed!.id])).length === 0,
    'the entries to be sealed',
  );
  expect((await olga.act('exportAudit', {}, ' ')).code).toBe('malformed');
  const { done, code, message } = await olga.act('exportAudit', {});
  expect(code, message).toBeUndefined();
  await until(
    async () => (await tasks()).find(({ id }) => id === done!.resultId)?.state === 'done',
    'the export to be done',
  );
  const task = (await tasks()).find(({ id }) => id === done!.resultId)!;
  expect(task).toMatchObject({
    kind: 'audit-export',
    name: 'parley-audit.ndjson',
    by: { name: 'Olga' },
    byName: 'Olga',
    hasFile: true,
    progress: task.total,
    result: { entries: task.total },
  });
  expect(task.total).toBeGreaterThan(1_500);

  const file = await olga.ask('GET', `/api/tasks/${task.id}/file`);
  expect([
    file.status,
    file.headers.get('content-disposition'),
    file.headers.get('cache-control'),
    file.headers.get('x-content-type-options'),
  ]).toEqual([
    200,
    expect.stringMatching(/^attachment; filename=\d{4}-\d\d-\d\d-parley-audit\.ndjson$/),
    'no-store',
    'nosniff',
  ]);
  const place = path.join(home, 'export.ndjson');
  writeFileSync(place, file.text);
  // The key as the console hands it out.
  const { auditKeys } = (await olga.graphql('{ auditKeys { pem current } }')).data as unknown as {
    auditKeys: { pem: string; current: boolean }[];
  };
  const key = path.join(home, 'audit.public.pem');
  writeFileSync(key, auditKeys.find(({ current }) => current)!.pem);
  // Entries behind the last signature are sealed, and say so; what is signed is checked. Without the copy kept outside
  // nothing more is proven.
  const verified = await promisify(execFile)(process.execPath, [
    path.join(import.meta.dirname, '../../scripts/verify-audit.mjs'),
    place,
    '--key',
    key,
    '--json',
  ]).catch((error: { stdout: string }) => error);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    verdict: 'not proven',
    findings: [],
    entries: task.total,
    signed: 1_000,
  });
  expect(
    file.text
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('{"hash"')).length,
  ).toBeGreaterThanOrEqual(task.total!);
  for (const action of ['audit.exported', 'task.file-opened'])
    expect(
      await world.db.rows(`select from audit_entries where action = $1 and actor_name = 'Olga' and outcome = 'done'`, [
        action,
      ]),
    ).toHaveLength(1);
});

test('what an export produced is for those who may read the audit log; a stranger and an analyst get nothing of it', async () => {
  const [task] = (await tasks()).filter(({ kind }) => kind === 'audit-export');
  const ana = visitor(world.origin);
  await ana.signIn(await world.person('Ana', { roles: ['analyst'] }));
  expect((await tasks(ana)).map(({ id }) => id)).toContain(task!.id);
  expect((await ana.ask('GET', `/api/tasks/${task!.id}/file`)).body.error?.code).toBe('forbidden');
  expect(
    await world.db.rows(
      `select from audit_entries where action = 'GET /api/tasks/:taskId/file' and outcome = 'refused' and actor_name = 'Ana'`,
    ),
  ).toHaveLength(1);
  const mia = visitor(world.origin);
  await mia.signIn(await world.person('Mia'));
  expect((await mia.ask('GET', `/api/tasks/${task!.id}/file`)).body.error?.code).toBe('forbidden');
  expect((await visitor(world.origin).ask('GET', `/api/tasks/${task!.id}/file`)).body.error?.code).toBe(
    'unauthenticated',
  );
  for (const [id, code] of [
    ['00000000-0000-7000-8000-000000000000', 'not_found'],
    ['x', 'malformed'],
    ['%00', 'malformed'],
  ])
    expect((await olga.ask('GET', `/api/tasks/${id}/file`)).body.error?.code, id).toBe(code);
});

test('an import shows as a task, with how it ended; one whose process died shows as stopped', async () => {
  const file = path.join(home, 'history.jsonl');
  writeFileSync(file, '{"id":"1","channel":"past","sender":"Somebody","ts":"2026-01-05T09:00:00Z","text":"hello"}\n');
  await importFile(world.db, file, { source: 'one-line' });
  const task = (await tasks()).find(({ kind }) => kind === 'import')!;
  expect(task).toMatchObject({
    name: 'one-line',
    state: 'done',
    by: null,
    byName: 'import',
    result: { stored: 1, already: 0, malformed: 0, refused: 0 },
  });
  await world.db.rows(
    `insert into tasks (id, kind, name, state, by_name, started_at, moved_at) values (gen_random_uuid(), 'import', 'died', 'running', 'import', now() - interval '1 hour', now() - interval '1 hour')`,
  );
  await world.db.rows(
    `insert into tasks (id, kind, name, state, by_name, started_at, moved_at) values (gen_random_uuid(), 'import', 'lives', 'running', 'import', now(), now())`,
  );
  const states = Object.fromEntries((await tasks()).map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({ died: 'stopped', lives: 'running' });
});

test('a file that is being read is cut when its reader loses the right to it', async () => {
  const [reader, id] = [visitor(world.origin), newId()];
  const person = await world.person('Slow', { roles: ['owner'] });
  const { accessToken } = await reader.signIn(person);
  await world.db.rows(
    `insert into tasks (id, kind, name, state, by_name, result, file_needs) values ($1, 'audit-export', 'a.ndjson', 'done', 'Slow', '{}', 'audit.read')`,
    [id],
  );
  await world.db.rows(
    `insert into task_files (task_id, number, text) select $1, n, repeat('x', 524288) from generate_series(0, 79) n`,
    [id],
  );
  const answer = await fetch(`${world.origin}/api/tasks/${id}/file`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  const body = answer.body!.getReader();
  let bytes = (await body.read()).value!.length;
  expect((await olga.act('withdrawRole', { userId: person.id, role: 'owner' })).code).toBeUndefined();
  const end = async (): Promise<string> => {
    for (;;) {
      const { done, value } = await body.read();
      if (done) return 'whole';
      bytes += value.length;
    }
  };
  expect(await end().catch(() => 'cut')).toBe('cut');
  expect(bytes).toBeLessThan(80 * 524_288);
});
