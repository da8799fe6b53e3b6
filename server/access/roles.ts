import { permissions, type Permission } from '@parley/protocol/permissions.ts';

/** What each role allows. A person may hold several; what they may do is the union. */
const member: Permission[] = [
  'people.read',
  'conversations.read',
  'conversations.create',
  'channels.create',
  'channels.browse',
  'messages.send',
  'messages.moderate',
];

export const roles = {
  owner: Object.keys(permissions) as Permission[],
  // All of the daily work. Reading other people's conversations is the auditor's alone, and only an owner makes auditors.
  administrator: [
    ...member,
    'users.read',
    'users.invite',
    'users.edit',
    'users.suspend',
    'users.resetPassword',
    'departments.manage',
    'roles.read',
    'roles.manage',
    'devices.read',
    'devices.end',
    'audit.read',
    'dashboards.read',
    'dashboards.events',
    'settings.manage',
    'tasks.read',
    'console.read',
  ],
  auditor: [
    'people.read',
    'users.read',
    'roles.read',
    'devices.read',
    'audit.read',
    'conversations.audit',
    'tasks.read',
    'console.read',
  ],
  analyst: ['people.read', 'dashboards.read', 'dashboards.events', 'tasks.read', 'console.read'],
  member,
  // Sees the people of the conversations somebody took them into, and nobody else.
  guest: ['conversations.read', 'messages.send'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof roles;
/** What each role is for, in a sentence. */
export const roleSentences: Record<Role, string> = {
  owner: 'Everything, including making owners and auditors. One active owner always remains.',
  administrator:
    'The daily work: people, departments, sessions, roles below owner and auditor, settings, the audit log. Reads nobody’s conversations.',
  auditor:
    'Reads the audit log and, by a reading that is itself audited, other people’s conversations. Changes nothing.',
  analyst: 'Reads numbers about usage and the events behind them, never what was said.',
  member: 'Talks: the directory, public channels, and conversations of their own.',
  guest: 'Talks where somebody took them in, and sees nobody else.',
};

export const roleNames = Object.keys(roles) as Role[];

const unions = new Map<string, ReadonlySet<Permission>>();

/** Everything the given roles allow together; the same roles give the same set. Names nobody knows allow nothing. */
export function permissionsOf(held: readonly string[]): ReadonlySet<Permission> {
  const key = [...held].sort().join(' ');
  let union = unions.get(key);
  if (!union)
    unions.set(
      key,
      (union = new Set(held.flatMap((role) => (Object.hasOwn(roles, role) ? [...roles[role as Role]] : [])))),
    );
  return union;
}
