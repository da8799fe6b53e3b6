import { conflict, notFound } from '../kernel/errors.ts';
import type { Database } from '../kernel/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';
import { writeDepartmentKeys } from '../users/key-store.ts';
import { moveAll } from '../users/users.ts';
import { DepartmentRow } from './departments.model.ts';

/*
 * The organisation's tree of departments. Who belongs where stands with the people. Acts on the tree take turns: two moves at once could
 * otherwise close a circle that neither of them sees.
 */

/** How deep the tree may grow: deeper ones are mistakes, and every walk stays short. */
const depth = 12;

export type DepartmentDraft = { id?: string; name: string; parentId?: string | null };
type Why = { reason?: string | null };

/** Adds a department and returns its id. */
export async function create(
  work: Work,
  { id = newId(), name, parentId = null }: DepartmentDraft,
  { reason = null }: Why = {},
): Promise<string> {
  work.require('departments.manage');
  await takeTurn(work);
  const above = parentId ? (await inTree(work, parentId)).depth : 0;
  if (above >= depth) throw tooDeep();
  await requireUnused(work, name, parentId, id);
  await DepartmentRow.create({ id, name, parentId }, { transaction: await work.transaction() });
  await writeDepartmentKeys(work.sql, [id]);
  work.record('department.created', { departmentId: id });
  work.audit({
    action: 'department.created',
    target: { kind: 'department', id, name },
    after: { name, parentId },
    reason,
  });
  return id;
}

export async function rename(work: Work, id: string, name: string, { reason = null }: Why = {}): Promise<void> {
  work.require('departments.manage');
  await takeTurn(work);
  const department = await lockDepartment(work, id);
  const before = department.name;
  if (before === name) return;
  await requireUnused(work, name, department.parentId, id);
  await department.update({ name }, { transaction: await work.transaction() });
  await writeDepartmentKeys(work.sql, [id]);
  work.record('department.renamed', { departmentId: id });
  work.audit({
    action: 'department.renamed',
    target: { kind: 'department', id, name: before },
    before: { name: before },
    after: { name },
    reason,
  });
}

/** Hangs a department, with all below it, under another, or (null) at the top. */
export async function move(
  work: Work,
  id: string,
  parentId: string | null,
  { reason = null }: Why = {},
): Promise<void> {
  work.require('departments.manage');
  await takeTurn(work);
  const department = await lockDepartment(work, id);
  const before = department.parentId;
  if (before === parentId) return;
  const below = await inTree(work, id);
  const above = parentId ? await inTree(work, parentId) : { depth: 0, path: [] as string[] };
  if (above.path.includes(id)) throw conflict('A department cannot be moved below itself.');
  if (above.depth + below.height > depth) throw tooDeep();
  await requireUnused(work, department.name, parentId, id);
  await department.update({ parentId }, { transaction: await work.transaction() });
  work.record('department.moved', { departmentId: id });
  work.audit({
    action: 'department.moved',
    target: { kind: 'department', id, name: department.name },
    before: { parentId: before },
    after: { parentId },
    reason,
  });
}

/** Deletes an empty department; with `moveUp` its people and the departments below it go to the one above first. */
export async function remove(
  work: Work,
  id: string,
  { moveUp = false, reason }: { moveUp?: boolean; reason: string },
): Promise<void> {
  work.require('departments.manage');
  await takeTurn(work);
  const department = await lockDepartment(work, id, 'UPDATE');
  const { name, parentId } = department;
  const [content] = await work.sql<{ people: number; departments: number }>(
    'select (select count(*)::int from users where department_id = $1) as people, (select count(*)::int from departments where parent_id = $1) as departments',
    [id],
  );
  const { people, departments } = content!;
  if (!moveUp && people + departments > 0)
    throw conflict(
      `${name} is not empty: ${people} people and ${departments} departments are in it. Move them up, or elsewhere, first.`,
    );
  const moved = { people: await moveAll(work, id, parentId), departments: await hangHigher(work, department) };
  await department.destroy({ transaction: await work.transaction() });
  work.record('department.deleted', { departmentId: id, parentId });
  work.audit({
    action: 'department.deleted',
    target: { kind: 'department', id, name },
    before: { name, parentId },
    after: { moved },
    reason,
  });
}

/** The departments below this one go to the one above it. */
async function hangHigher(work: Work, { id, parentId }: DepartmentRow): Promise<number> {
  const transaction = await work.transaction();
  const children = await DepartmentRow.findAll({ where: { parentId: id }, order: ['id'], transaction });
  for (const child of children) {
    await requireUnused(work, child.name, parentId, child.id, id);
    await child.update({ parentId }, { transaction });
    work.record('department.moved', { departmentId: child.id });
  }
  return children.length;
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

const takeTurn = (work: Work) => work.sql(`select pg_advisory_xact_lock(hashtext('parley departments'))`);
const tooDeep = () => conflict(`Departments may be nested at most ${depth} deep.`);

/**
 * Locks a department's row. `UPDATE`, for an act that deletes it, also keeps people from being put into it meanwhile.
 */
async function lockDepartment(
  work: Work,
  id: string,
  strength: 'UPDATE' | 'NO_KEY_UPDATE' = 'NO_KEY_UPDATE',
): Promise<DepartmentRow> {
  const transaction = await work.transaction();
  const department = await DepartmentRow.findByPk(id, { transaction, lock: transaction.LOCK[strength] });
  if (!department) throw notFound('department');
  return department;
}

/** Where a department stands: the ids from the top down to it, how deep that is, and how many levels it and what is below it take up. */
async function inTree(work: Work, id: string): Promise<{ path: string[]; depth: number; height: number }> {
  const [place] = await work.sql<{ path: string[]; depth: number; height: number }>(
    `with recursive up (id, parent_id, level) as (
       select d.id, d.parent_id, 1 from departments d where d.id = $1 union all select p.id, p.parent_id, u.level + 1 from up u join departments p on p.id = u.parent_id where u.level < 50
     ), down (id, level) as (
       select $1::uuid, 1 union all select d.id, w.level + 1 from down w join departments d on d.parent_id = w.id where w.level < 50
     ) select (select array_agg(id::text order by level desc) from up) as path, (select count(*)::int from up) as depth, (select max(level)::int from down) as height`,
    [id],
  );
  if (!place?.depth) throw notFound('department');
  return place;
}

/** Two of one name beside each other cannot be told apart. `leaving` is on its way out and does not count. */
async function requireUnused(
  work: Work,
  name: string,
  parentId: string | null,
  id: string,
  leaving: string | null = null,
): Promise<void> {
  const twins = await work.sql(
    'select from departments where lower(name) = lower($1) and parent_id is not distinct from $2::uuid and id <> $3 and id is distinct from $4::uuid limit 1',
    [name, parentId, id, leaving],
  );
  if (twins.length > 0) throw conflict(`There is a department named ${name} in this place already.`);
}
