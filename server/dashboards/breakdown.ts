import { breakdownSqlOf, paramsOf, sqlOf } from '@parley/analytics/metrics/metric.ts';
import type { Work } from '../kernel/work.ts';
import { allDepartments, type Department } from '../departments/tree.ts';
import {
  analyticsStore,
  beginsOnWholeHours,
  checkRange,
  filterOf,
  metricOf,
  noDepartment,
  type DepartmentScope,
  type Question,
  type Series,
} from './numbers.ts';

/*
 * One number over a range, taken apart: by the departments directly below the one that was named, and by kind of conversation.
 */

/** `departmentId` and `scope` are what to ask for to see this part alone. `name` is null where it is not a department's own name. */
export type DepartmentPart = {
  departmentId: string | null;
  scope: DepartmentScope;
  name: string | null;
  value: number;
};
export type KindPart = { kind: string; value: number };
export type Breakdown = {
  total: number;
  /** From the top of the tree down to the department that was named; empty for the whole organisation. */
  path: Department[];
  /** Largest first, the silent ones too. */
  departments: DepartmentPart[];
  /** How many more parts there are, all smaller. */
  departmentsLeft: number;
  kinds: KindPart[];
  sql: { departments: string; kinds: string; params: Record<string, unknown> };
  cost: Series['cost'];
};

/** More bars than anybody reads. */
const mostParts = 100;

/**
 * Takes a metric apart. A part is a department directly below the one that was named, with everything below it as the tree stands now; what belongs
 * to the named one itself, or to none; and what was said in departments that are gone. Sums of parts are the total; people who changed departments
 * or talk in several kinds of conversations count in each.
 */
export async function breakdown(work: Work, metricId: string, question: Omit<Question, 'grain'>): Promise<Breakdown> {
  const metric = metricOf(metricId);
  // Points do not matter here, so a range may be as long as months allow.
  const asked: Question = { ...question, grain: 'month' };
  checkRange(asked);
  const filter = await filterOf(work, asked);
  const tree = await allDepartments(work);
  const parts = partsOf(tree, asked);
  const wholeHours = beginsOnWholeHours(asked);
  const sql = breakdownSqlOf(metric, filter, wholeHours);
  const params = paramsOf(asked, filter);
  const places = {
    partOf: parts.flatMap(({ ids }) => ids),
    parts: parts.flatMap(({ ids }, at) => ids.map(() => at + 1)),
  };
  const store = work.use(analyticsStore);
  const [total, departments, kinds] = await Promise.all([
    store.query<{ value: number }>(sqlOf(metric, asked, filter, wholeHours).total, params),
    store.query<{ part: number; value: number }>(sql.departments, { ...params, ...places }),
    store.query<{ part: string; value: number }>(sql.kinds, params),
  ]);
  const values = new Map(departments.rows.map(({ part, value }) => [part, value]));
  const gone = values.get(0) ?? 0;
  const shown = [
    ...parts.map(({ ids: _ids, ...part }, at) => ({ ...part, value: values.get(at + 1) ?? 0 })),
    ...(gone > 0 ? [{ departmentId: null, scope: 'gone' as const, name: null, value: gone }] : []),
  ]
    // Who belongs to no smaller part is worth a bar only where there is somebody.
    .filter(({ scope, value }) => scope === 'below' || value > 0)
    .sort((a, b) => b.value - a.value || compare(a.name ?? '', b.name ?? ''));
  const answers = [total, departments, kinds];
  return {
    total: total.rows[0]?.value ?? 0,
    path: pathOf(tree, asked.departmentId ?? null),
    departments: shown.slice(0, mostParts),
    departmentsLeft: Math.max(0, shown.length - mostParts),
    kinds: kinds.rows.map(({ part, value }) => ({ kind: part, value })).sort((a, b) => b.value - a.value),
    sql: { ...sql, params: { ...params, ...places } },
    cost: {
      elapsedMs: answers.reduce((sum, answer) => sum + answer.elapsedMs, 0),
      rowsRead: answers.reduce((sum, answer) => sum + answer.rowsRead, 0),
    },
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

type Part = Omit<DepartmentPart, 'value'> & { ids: string[] };

/** The parts there can be, each with all departments that count in it. */
function partsOf(tree: readonly Department[], { departmentId = null, departmentScope }: Question): Part[] {
  const own: Part = { departmentId, scope: 'own', name: null, ids: [departmentId ?? noDepartment] };
  if (departmentScope === 'own' || departmentScope === 'gone') return [own];
  const children = Map.groupBy(tree, ({ parentId }) => parentId);
  // A tree has no circles; the bound only keeps a broken one from hanging the page.
  const below = (id: string, level = 0): string[] =>
    level > 50 ? [] : [id, ...(children.get(id) ?? []).flatMap((child) => below(child.id, level + 1))];
  const parts = (children.get(departmentId) ?? []).map(({ id, name }): Part => ({
    departmentId: id,
    scope: 'below',
    name,
    ids: below(id),
  }));
  return [own, ...parts];
}

function pathOf(tree: readonly Department[], departmentId: string | null): Department[] {
  const byId = new Map(tree.map((department) => [department.id, department]));
  const path: Department[] = [];
  for (let at = byId.get(departmentId ?? ''); at && path.length < 50; at = byId.get(at.parentId ?? ''))
    path.unshift(at);
  return path;
}
