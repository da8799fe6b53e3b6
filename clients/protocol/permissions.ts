/**
 * Everything somebody may be allowed to do, with the sentence an administrator reads. Every operation of every door names one of these,
 * or spells out `everyone` (signed in or not) or `signed-in`.
 */
export const permissions = {
  'people.read': 'See the people of the organisation and search for them',
  'conversations.read': 'Read conversations one is a member of, and public channels',
  'conversations.create': 'Start direct and group conversations',
  'channels.create': 'Create channels',
  'channels.browse': 'Find and join public channels',
  'messages.send': 'Write, edit and recall messages of one’s own',
  'messages.moderate': 'Recall messages of others in conversations one moderates',
  'users.read': 'See people with their administrative facts',
  'users.invite': 'Invite people',
  'users.edit': 'Change people’s names, titles and departments',
  'users.suspend': 'Suspend and reactivate people',
  'users.resetPassword': 'Make one-time links with which people choose a new password',
  'departments.manage': 'Create, rename, move and delete departments',
  'roles.read': 'See roles and who holds them',
  'roles.manage': 'Grant and withdraw roles',
  'devices.read': 'See people’s devices and sessions',
  'devices.end': 'End sessions of others',
  'audit.read': 'Read and export the audit log',
  'dashboards.read': 'Read usage dashboards',
  'dashboards.events': 'Open a number down to its events',
  'conversations.audit': 'Read conversations one is not a member of; every reading is audited',
  'settings.manage': 'Change the organisation’s settings',
  'console.read': 'Open the console: its overview and its search',
  'tasks.read': 'See long-running work and its results',
} as const;

export type Permission = keyof typeof permissions;
/** What an operation declares. `everyone` includes strangers; `signed-in` means any active account. */
export type Declared = Permission | 'everyone' | 'signed-in';
