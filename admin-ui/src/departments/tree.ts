import { type DepartmentsQuery } from '../graphql/graphql.ts';

export type Department = DepartmentsQuery['departments'][number];
export type Branch = Department & { depth: number; children: Branch[]; path: string[] };

/** The tree out of the flat list, in its order. What hangs under nothing known stands at the top. */
export function branchesOf(departments: readonly Department[]): Branch[] {
  const branches = new Map(
    departments.map((one) => [one.id, { ...one, depth: 0, children: [], path: [one.name] } as Branch]),
  );
  const tops: Branch[] = [];
  for (const branch of branches.values()) (branches.get(branch.parentId ?? '')?.children ?? tops).push(branch);
  const settle = (branch: Branch, depth: number, above: string[]) => {
    branch.depth = depth;
    branch.path = [...above, branch.name];
    for (const child of branch.children) settle(child, depth + 1, branch.path);
  };
  for (const top of tops) settle(top, 0, []);
  return tops;
}

/** Every branch from the top down, each followed by what is below it. */
export const flat = (branches: readonly Branch[]): Branch[] =>
  branches.flatMap((branch) => [branch, ...flat(branch.children)]);

/** The ids of a branch and of all below it. */
export const subtree = (branch: Branch): Set<string> => new Set(flat([branch]).map(({ id }) => id));

/** One line of the tree as it is drawn; `position` of `siblings` below the same department, from 1. */
export type Line = { branch: Branch; open: boolean; position: number; siblings: number };

/** The lines of the tree from the top down, without what is below the `closed` ones. With `wanted`, paths joined by a zero: only those, all open. */
export function linesOf(branches: readonly Branch[], closed: Set<string>, wanted: Set<string> | null): Line[] {
  const shown = wanted ? branches.filter(({ path }) => wanted.has(path.join('\0'))) : branches;
  return shown.flatMap((branch, at) => {
    const open = wanted !== null || !closed.has(branch.id);
    const below = open ? linesOf(branch.children, closed, wanted) : [];
    return [{ branch, open, position: at + 1, siblings: shown.length }, ...below];
  });
}
