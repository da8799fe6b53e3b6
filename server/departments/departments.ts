import { conflict, notFound } from '../kernel/errors.ts';
import type { Database } from '../kernel/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';
import { DepartmentRow } from './departments.model.ts';

/** The organisation's tree of departments. Who belongs where stands with the people. */

/** How deep the tree may grow: deeper ones are mistakes, and every walk stays short. */
const depth = 12;

export type DepartmentDraft = { id?: string; name: string; parentId?: string | null };

/** Adds a department and returns its id. */
export async function create(work: Work, { id = newId(), name, parentId = null }: DepartmentDraft): Promise<string> {
  work.require('departments.manage');
  if (parentId) {
    const above = (await pathsOf(work.db, [parentId], (text, params) => work.sql(text, params))).get(parentId);
    if (!above) throw notFound('department');
    if (above.length >= depth) throw conflict(`Departments may be nested at most ${depth} deep.`);
  }
  await DepartmentRow.create({ id, name, parentId }, { transaction: await work.transaction() });
  work.record('department.created', { departmentId: id });
  work.audit({ action: 'department.created', target: { kind: 'department', id, name }, after: { name, parentId } });
  return id;
}

export type DepartmentFacts = { id: string; name: string; parentId: string | null; people: number };

/** The whole tree, flat, in order of name, with how many people are directly in each. */
export async function tree(work: Work): Promise<DepartmentFacts[]> {
  return work.db.rows<DepartmentFacts>(
    `select d.id, d.name, d.parent_id as "parentId", (select count(*) from users u where u.department_id = d.id) as people from departments d order by lower(d.name), d.id`,
  );
}

export async function rename(
  work: Work,
  id: string,
  name: string,
  { reason }: { reason: string | null },
): Promise<void> {
  const row = await lock(work, id);
  const before = row.name;
  if (before === name) return;
  await row.update({ name }, { transaction: await work.transaction() });
  work.record('department.renamed', { departmentId: id });
  work.audit({
    action: 'department.renamed',
    target: { kind: 'department', id, name },
    before: { name: before },
    after: { name },
    reason,
  });
}

/** Hangs a department, with everything below it, elsewhere; null makes it a top one. It cannot go below itself. */
export async function move(
  work: Work,
  id: string,
  parentId: string | null,
  { reason }: { reason: string | null },
): Promise<void> {
  work.require('departments.manage');
  // Two moves at once could hang each below the other: moves take turns.
  await work.sql(`select pg_advisory_xact_lock(hashtext('parley departments'))`);
  const row = await lock(work, id);
  const before = row.parentId;
  if (before === parentId) return;
  const above = parentId ? await walkUp(work, parentId) : [];
  if (parentId && above.length === 0) throw notFound('department');
  if (above.includes(id)) throw conflict('A department cannot be moved below itself.');
  if (above.length + (await heightOf(work, id)) > depth)
    throw conflict(`Departments may be nested at most ${depth} deep.`);
  await row.update({ parentId }, { transaction: await work.transaction() });
  work.record('department.moved', { departmentId: id });
  work.audit({
    action: 'department.moved',
    target: { kind: 'department', id, name: row.name },
    before: { parentId: before },
    after: { parentId },
    reason,
  });
}

/** Removes a department nobody is in and that has none below it. */
export async function remove(work: Work, id: string, { reason }: { reason: string | null }): Promise<void> {
  const row = await lock(work, id);
  const [held] = await work.sql<{ people: number; below: number }>(
    'select (select count(*) from users where department_id = $1) as people, (select count(*) from departments where parent_id = $1) as below',
    [id],
  );
  if (held!.people > 0) throw conflict(`${held!.people} people are still in this department: move them first.`);
  if (held!.below > 0)
    throw conflict(`${held!.below} departments are still below this one: move or delete them first.`);
  await row.destroy({ transaction: await work.transaction() });
  work.record('department.deleted', { departmentId: id });
  work.audit({
    action: 'department.deleted',
    target: { kind: 'department', id, name: row.name },
    before: { name: row.name, parentId: row.parentId },
    reason,
  });
}

async function lock(work: Work, id: string): Promise<DepartmentRow> {
  work.require('departments.manage');
  const transaction = await work.transaction();
  const row = await DepartmentRow.findByPk(id, { transaction, lock: transaction.LOCK.UPDATE });
  if (!row) throw notFound('department');
  return row;
}

/** The department and everything above it. */
async function walkUp(work: Work, id: string): Promise<string[]> {
  const rows = await work.sql<{ id: string }>(
    'with recursive walk as (select id, parent_id, 1 as n from departments where id = $1 union all select d.id, d.parent_id, w.n + 1 from departments d join walk w on d.id = w.parent_id where w.n < 50) select id from walk',
    [id],
  );
  return rows.map((row) => row.id);
}

/** How many levels a department and those below it take. */
async function heightOf(work: Work, id: string): Promise<number> {
  const [row] = await work.sql<{ height: number }>(
    'with recursive walk as (select id, 1 as n from departments where id = $1 union all select d.id, w.n + 1 from departments d join walk w on d.parent_id = w.id where w.n < 50) select max(n) as height from walk',
    [id],
  );
  return row!.height;
}

/** The names from the top of the tree down to each of these departments. */
export async function pathsOf(
  db: Database,
  ids: readonly string[],
  rows: Database['rows'] = (text, params) => db.rows(text, params),
): Promise<Map<string, string[]>> {
  const found = await rows<{ id: string; path: string[] }>(
    `with recursive walk (id, parent_id, path, depth) as (
       select d.id, d.parent_id, array[d.name], 1 from departments d where d.id = any ($1::uuid[])
       union all select w.id, p.parent_id, p.name || w.path, w.depth + 1 from walk w join departments p on p.id = w.parent_id where w.depth < 50
     ) select distinct on (id) id, path from walk order by id, depth desc`,
    [ids],
  );
  return new Map(found.map((row) => [row.id, row.path]));
}
