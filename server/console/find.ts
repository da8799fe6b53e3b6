import type { Permission } from '@parley/protocol/permissions.ts';
import { roleNames, roleSentences } from '../access/roles.ts';
import { acts } from '../doors/graphql-acts.ts';
import type { Work } from '../kernel/work.ts';
import { best } from '../users/directory.ts';
import { likeable } from '../users/users.ts';

/*
 * The one search box of the console: people, departments, roles, what one can do and where one can go. Each actor finds only what they may open.
 */

export type Finding = {
  kind: 'person' | 'department' | 'role' | 'action' | 'page';
  id: string;
  title: string;
  detail: string;
};

/** The console's pages, by the name they have in its addresses, and who may open each. */
const pages: { id: string; title: string; permission: Permission }[] = [
  { id: 'overview', title: 'Overview', permission: 'console.read' },
  { id: 'people', title: 'People', permission: 'users.read' },
  { id: 'departments', title: 'Departments', permission: 'users.read' },
  { id: 'roles', title: 'Roles', permission: 'roles.read' },
  { id: 'devices', title: 'Devices and sessions', permission: 'devices.read' },
  { id: 'audit', title: 'Audit log', permission: 'audit.read' },
  { id: 'activity', title: 'Activity', permission: 'dashboards.read' },
  { id: 'tasks', title: 'Tasks', permission: 'tasks.read' },
  { id: 'settings', title: 'Settings', permission: 'settings.manage' },
];

/** The best few of each kind. Needs `console.read`; an empty query finds pages and actions. */
export async function find(work: Work, query: string): Promise<Finding[]> {
  work.require('console.read');
  const typed = query.normalize('NFC').trim();
  const words = typed.toLowerCase();
  const holds = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(words));
  const found: Finding[] = [];
  for (const { id, title, permission } of pages)
    if (work.may(permission) && holds(id, title)) found.push({ kind: 'page', id, title, detail: '' });
  for (const { name, description, permission } of acts.values()) {
    const title = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    if (work.may(permission) && holds(title)) found.push({ kind: 'action', id: name, title, detail: description });
  }
  if (words && work.may('users.read')) found.push(...(await people(work, query)), ...(await departments(work, typed)));
  if (work.may('roles.read'))
    for (const role of roleNames)
      if (words && holds(role)) found.push({ kind: 'role', id: role, title: role, detail: roleSentences[role] });
  return found;
}

async function people(work: Work, query: string): Promise<Finding[]> {
  const found = await best(work, query, 8);
  return found.map(({ id, name, title, departmentName, email }) => ({
    kind: 'person',
    id,
    title: name,
    detail: [title, departmentName, email].filter(Boolean).join(' · '),
  }));
}

async function departments(work: Work, words: string): Promise<Finding[]> {
  const rows = await work.sql<{ id: string; name: string; above: string | null }>(
    `select d.id, d.name, p.name as above from departments d left join departments p on p.id = d.parent_id where lower(d.name) like '%' || lower($1) || '%' order by lower(d.name), d.id limit 5`,
    [likeable(words)],
  );
  return rows.map(({ id, name, above }) => ({ kind: 'department', id, title: name, detail: above ?? '' }));
}
