import type { GraphQLField } from 'graphql';
import { permissions, type Declared, type Permission } from '@parley/protocol/permissions.ts';
import { roleNames, roles } from './access/roles.ts';
import { adminSchema } from './admin-schema.ts';
import { routes, socketCalls } from './app.ts';

/*
 * Who may do what, seen whole: every operation of every door as it declares itself, and beside the permission what its object asks of the actor.
 * docs/reference/permissions.md is written from here, and every cell of it is tried (permissions.test.ts).
 */

export type Door = 'socket' | 'rest' | 'graphql';
export type DeclaredOperation = { door: Door; name: string; permission: Declared };

/** Every operation there is, read from what the doors were given. */
export function declaredOperations(): DeclaredOperation[] {
  const schema = adminSchema();
  const fields = (
    kind: string,
    root: { getFields(): Record<string, GraphQLField<unknown, unknown>> } | null | undefined,
  ) =>
    Object.values(root?.getFields() ?? {}).map((field) => ({
      door: 'graphql' as const,
      name: `${kind} ${field.name}`,
      permission: permissionOf(field),
    }));
  return [
    ...socketCalls.map(({ name, permission }) => ({ door: 'socket' as const, name: name as string, permission })),
    ...routes.map(({ method, path, permission }) => ({ door: 'rest' as const, name: `${method} ${path}`, permission })),
    ...fields('query', schema.getQueryType()),
    ...fields('mutation', schema.getMutationType()),
  ];
}

const permissionOf = (field: GraphQLField<unknown, unknown>): Declared =>
  (field.extensions as unknown as { pothosOptions: { permission: Declared } }).pothosOptions.permission;

/** What an operation asks beyond its permission, in a sentence for people; permissions.test.ts says the same to the server. */
export const demands = {
  nothing: '',
  reader: 'Members; of a public channel also whoever may browse channels. To everybody else it does not exist.',
  member: 'Members. To everybody else it does not exist.',
  writer: 'Members, as long as it is not archived. To everybody else it does not exist.',
  author: 'The author, while a member, as long as it is not archived.',
  authorOrLeader:
    'The author, or an owner or moderator of the conversation with messages.moderate; as long as it is not archived.',
  leader:
    'Owners and moderators of a channel, every member of a group; nobody in a direct conversation or an archived one.',
  owner: 'Owners of the conversation, as long as it is not archived; nobody in a direct conversation.',
  newcomer: 'Whoever sees it: members, and anybody where it is a public channel; not when it is archived.',
  leaver: 'Members; not of a direct conversation. A channel’s last owner stays.',
  ownDevice: 'One’s own device; with devices.end anybody’s.',
  notStronger: 'Nobody who may do something the actor may not. Nobody suspends themselves, or the last owner.',
  roleWithin: 'Only roles that allow nothing the actor may not do; the last owner stays one.',
  reason: 'Any conversation, with a reason: what is read is written to the audit log.',
  file: 'Also what the task’s file itself needs: for an export of the audit log, audit.read.',
} as const;
export type Demand = keyof typeof demands;

/** What each operation asks beyond its permission. One that is missing here fails the test and the paper: "nothing" must be said. */
export const demandOf: Record<string, Demand> = {
  'sync:start': 'nothing',
  'sync:conversation': 'reader',
  'history:page': 'reader',
  'message:send': 'writer',
  'message:edit': 'author',
  'message:recall': 'authorOrLeader',
  'message:search': 'nothing',
  'read:mark': 'member',
  'thread:mark': 'member',
  'topic:list': 'reader',
  'conversation:create': 'nothing',
  'conversation:direct': 'nothing',
  'conversation:open': 'reader',
  'conversation:close': 'reader',
  'conversation:join': 'newcomer',
  'conversation:leave': 'leaver',
  'conversation:rename': 'leader',
  'conversation:archive': 'owner',
  'conversation:browse': 'nothing',
  'conversation:prefer': 'member',
  'member:list': 'reader',
  'member:add': 'leader',
  'member:remove': 'leader',
  'member:role': 'owner',
  'people:search': 'nothing',
  'people:get': 'nothing',
  'pin:list': 'member',
  'pin:add': 'writer',
  'pin:remove': 'writer',
  'typing:set': 'member',
  'presence:set': 'nothing',
  'presence:watch': 'nothing',
  'session:me': 'nothing',
  'GET /api/status': 'nothing',
  'POST /api/set-up': 'nothing',
  'POST /api/invitation': 'nothing',
  'POST /api/session': 'nothing',
  'POST /api/session/refresh': 'nothing',
  'DELETE /api/session': 'nothing',
  'GET /api/session/devices': 'nothing',
  'DELETE /api/session/devices/:deviceId': 'ownDevice',
  'GET /api/me': 'nothing',
  'GET /api/tasks/:taskId/file': 'file',
  'query auditActions': 'nothing',
  'query auditEntries': 'nothing',
  'query auditEntry': 'nothing',
  'query auditKeys': 'nothing',
  'query auditProof': 'nothing',
  'query auditState': 'nothing',
  'query conversationMessages': 'reason',
  'query conversations': 'nothing',
  'query departments': 'nothing',
  'query devices': 'nothing',
  'query find': 'nothing',
  'query me': 'nothing',
  'query metric': 'nothing',
  'query metricBreakdown': 'nothing',
  'query metricEvents': 'nothing',
  'query metrics': 'nothing',
  'query operatorSettings': 'nothing',
  'query overview': 'nothing',
  'query people': 'nothing',
  'query person': 'nothing',
  'query roleHolders': 'nothing',
  'query roles': 'nothing',
  'query settings': 'nothing',
  'query tasks': 'nothing',
  'mutation changeSetting': 'nothing',
  'mutation createDepartment': 'nothing',
  'mutation deleteDepartment': 'nothing',
  'mutation editPerson': 'nothing',
  'mutation endDevices': 'nothing',
  'mutation exportAudit': 'nothing',
  'mutation grantRole': 'roleWithin',
  'mutation inviteAgain': 'notStronger',
  'mutation invitePerson': 'roleWithin',
  'mutation moveDepartment': 'nothing',
  'mutation reactivatePeople': 'notStronger',
  'mutation renameDepartment': 'nothing',
  'mutation suspendPeople': 'notStronger',
  'mutation withdrawRole': 'roleWithin',
};

const titles: Record<Door, string> = { socket: 'Socket calls', rest: 'REST', graphql: 'GraphQL' };

/** docs/reference/permissions.md. Throws when an operation does not say what it asks of its object. */
export function permissionsReference(): string {
  const operations = declaredOperations();
  const silent = operations.filter(({ name }) => !(name in demandOf)).map(({ name }) => name);
  if (silent.length > 0)
    throw new Error(
      `These operations do not say in server/permissions.ts what they ask beyond their permission: ${silent.join(', ')}`,
    );
  const sections = (Object.keys(titles) as Door[]).map(
    (door) => `## ${titles[door]}\n\n${tableOf(operations.filter((operation) => operation.door === door))}`,
  );
  return `# Who may do what

Written from the code by \`npm run docs\`; do not edit.

Every operation of every door, the permission it declares, the roles that have it, and what it asks of the actor beyond that. \`everyone\` includes
strangers, \`signed-in\` any active account. Somebody suspended, and a device that was ended, are refused everywhere a stranger is. A person may hold
several roles; what they may do is the union. Roles are data: roles.md.

${sections.join('\n\n')}
`;
}

function tableOf(operations: readonly DeclaredOperation[]): string {
  const rows = operations.map(
    ({ name, permission }) =>
      `| \`${name}\` | \`${permission}\` | ${roleNames.map((role) => (mayEnterWith(roles[role], permission) ? '●' : '')).join(' | ')} | ${demands[demandOf[name]!]} |`,
  );
  return `| Operation | Permission | ${roleNames.join(' | ')} | Beyond it |\n| --- | --- | ${roleNames.map(() => ':-:').join(' | ')} | --- |\n${rows.join('\n')}`;
}

const mayEnterWith = (held: readonly Permission[], declared: Declared) =>
  !(declared in permissions) || held.includes(declared as Permission);
