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

/** The names from the top of the tree down to each of these departments. */
export async function pathsOf(db: Database, ids: readonly string[], rows: Database['rows'] = (text, params) => db.rows(text, params)): Promise<Map<string, string[]>> {
  const found = await rows<{ id: string; path: string[] }>(
    `with recursive walk (id, parent_id, path, depth) as (
       select d.id, d.parent_id, array[d.name], 1 from departments d where d.id = any ($1::uuid[])
       union all select w.id, p.parent_id, p.name || w.path, w.depth + 1 from walk w join departments p on p.id = w.parent_id where w.depth < 50
     ) select distinct on (id) id, path from walk order by id, depth desc`,
    [ids],
  );
  return new Map(found.map((row) => [row.id, row.path]));
}
