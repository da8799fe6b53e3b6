import type { Work } from '../kernel/work.ts';

/** A department as lists show it. */
export type Department = { id: string; name: string; parentId: string | null };

/** The whole tree, flat, in order of name. */
export const allDepartments = (work: Work): Promise<Department[]> =>
  work.sql<Department>('select id, name, parent_id as "parentId" from departments order by lower(name), id');

export async function departmentsByIds(work: Work, ids: readonly string[]): Promise<Map<string, Department>> {
  const rows = await work.sql<Department>(
    'select id, name, parent_id as "parentId" from departments where id = any ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export type HeadCount = { own: number; below: number };

/** How many people belong to each department itself, and to it with everything below it. One statement, whatever is asked. Needs `users.read`. */
export async function countPeople(work: Work): Promise<Map<string, HeadCount>> {
  work.require('users.read');
  const rows = await work.sql<{ id: string; parentId: string | null; own: number }>(
    `select d.id, d.parent_id as "parentId", coalesce(p.own, 0)::int as own from departments d
     left join (select department_id, count(*) as own from users where department_id is not null group by department_id) p on p.department_id = d.id`,
  );
  const counts = new Map(rows.map(({ id, own }) => [id, { own, below: own }]));
  const parents = new Map(rows.map(({ id, parentId }) => [id, parentId]));
  for (const { parentId, own } of rows) {
    // A tree has no circles; the bound only keeps a broken one from hanging the page.
    let above: string | null | undefined = parentId;
    for (let step = 0; above && step < 50; step++, above = parents.get(above)) counts.get(above)!.below += own;
  }
  return counts;
}
