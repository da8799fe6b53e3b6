import { globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { GraphQLField } from 'graphql';
import { permissions, type Declared, type Permission } from '@parley/protocol/permissions.ts';
import { roleNames, roles } from './access/roles.ts';
import { adminSchema } from './admin-schema.ts';
import { routes, socketCalls } from './app.ts';
import { atOnceOf, classOf, costs, isTimed, type Cost, type CostName } from './doors/costs.ts';

/*
 * Who may do what, seen whole: every operation of every door as it declares itself, and beside the permission what its object asks of the actor.
 * docs/reference/permissions.md is written from here, and every cell of it is tried (permissions.test.ts).
 */

export type Door = 'socket' | 'rest' | 'graphql';
export type DeclaredOperation = { door: Door; name: string; permission: Declared; cost: CostName };

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
      permission: declarationOf(field).permission,
      cost: classOf(declarationOf(field).cost),
    }));
  return [
    ...socketCalls.map(({ name, permission, cost }) => ({
      door: 'socket' as const,
      name: name as string,
      permission,
      cost: classOf(cost),
    })),
    ...routes.map(({ method, path, permission, cost }) => ({
      door: 'rest' as const,
      name: `${method} ${path}`,
      permission,
      cost: classOf(cost),
    })),
    ...fields('query', schema.getQueryType()),
    ...fields('mutation', schema.getMutationType()),
  ];
}

const declarationOf = (field: GraphQLField<unknown, unknown>): { permission: Declared; cost: Cost } =>
  (field.extensions as unknown as { pothosOptions: { permission: Declared; cost: Cost } }).pothosOptions;

/** What an operation asks beyond its permission, in a sentence for people; permissions.test.ts says the same to the server. */
export const demands = {
  nothing: '',
  reader: 'Members; of a public channel also whoever may browse channels. To everybody else it does not exist.',
  member: 'Members. To everybody else it does not exist.',
  writer: 'Members, as long as it is not archived. To everybody else it does not exist.',
  keeper: 'Members, as long as it is not archived and the message not recalled. To everybody else it does not exist.',
  rereader:
    'Members, as far as the setting readRevisions allows and as long as the message is not recalled. To everybody else it does not exist.',
  author: 'The author, while a member, as long as it is not archived and the message not recalled.',
  authorOrLeader:
    'The author, or an owner or moderator of the conversation with messages.moderate; as long as it is not archived.',
  leader:
    'Owners and moderators of a channel, every member of a group; nobody in a direct conversation or an archived one.',
  adder:
    'Owners and moderators of a channel, every member of a group, as far as the organisation’s settings allow; only people the actor may see.',
  owner: 'Owners of the conversation, as long as it is not archived; nobody in a direct conversation.',
  newcomer: 'Whoever sees it: members, and anybody where it is a public channel; not when it is archived.',
  leaver: 'Members; not of a direct conversation. A channel’s last owner stays.',
  ownDevice: 'One’s own device; with devices.end anybody’s.',
  ownPassword: 'The person’s own password, with the one that is in force.',
  notStronger: 'Nobody who may do something the actor may not. Nobody suspends themselves, or the last owner.',
  roleWithin: 'Only roles that allow nothing the actor may not do; the last owner stays one.',
  reason: 'Any conversation, with a reason: what is read is written to the audit log.',
  file: 'Also what the task’s file itself needs: for an export of the audit log, audit.read.',
} as const;
export type Demand = keyof typeof demands;

/**
 * What each operation asks beyond its permission, as every module says beside its verbs, in `x.trials.ts`: apart from the code that judges, so that
 * one slip is not made twice. One that is missing fails the test and the paper: "nothing" must be said.
 */
export const trials: Readonly<Record<string, { asks: Demand }>> = await besideTheModules();

async function besideTheModules(): Promise<Record<string, { asks: Demand }>> {
  const all: Record<string, { asks: Demand }> = {};
  for (const file of globSync('*/*.trials.ts', { cwd: import.meta.dirname }).sort()) {
    const address = pathToFileURL(path.join(import.meta.dirname, file)).href;
    const said = (await import(/* @vite-ignore */ address)) as { trials: Record<string, { asks: Demand }> };
    for (const [name, trial] of Object.entries(said.trials)) {
      if (all[name]) throw new Error(`${file}: ${name} is said by another module, too`);
      all[name] = trial;
    }
  }
  return all;
}

const titles: Record<Door, string> = { socket: 'Socket calls', rest: 'REST', graphql: 'GraphQL' };

/** docs/reference/permissions.md. Throws when an operation does not say what it asks of its object. */
export function permissionsReference(): string {
  const operations = declaredOperations();
  const silent = operations.filter(({ name }) => !(name in trials)).map(({ name }) => name);
  if (silent.length > 0)
    throw new Error(
      `These operations do not say in their module's .trials.ts what they ask beyond their permission: ${silent.join(', ')}`,
    );
  const sections = (Object.keys(titles) as Door[]).map(
    (door) => `## ${titles[door]}\n\n${tableOf(operations.filter((operation) => operation.door === door))}`,
  );
  return `# Who may do what

Written from the code by \`npm run docs\`; do not edit.

Every operation of every door, the permission it declares, the roles that have it, and what it asks of the actor beyond that. \`everyone\` includes
strangers, \`signed-in\` any active account. Somebody suspended, and a device that was ended, are refused everywhere a stranger is. A person may hold
several roles; what they may do is the union. Roles are data: roles.md.

The cost is what a call takes from its caller's budget: \`PARLEY_CALLS_PER_SECOND\` points a second, ten seconds' worth at most, over all connections
and doors of a person. While any point is left a call is admitted, and a debt is paid before the next one; then calls are refused as \`limited\` with
the time to wait. Every 4,000 characters of input add a point, and so do every 100 connections of the conversation that hears a call and every 100
days of a number's range. A timed class also pays a point for each 10 ms that a call took, up to five times its points.

${costsTable()}

${sections.join('\n\n')}
`;
}

function tableOf(operations: readonly DeclaredOperation[]): string {
  const rows = operations.map(
    ({ name, permission, cost }) =>
      `| \`${name}\` | \`${permission}\` | \`${cost}\` | ${roleNames.map((role) => (mayEnterWith(roles[role], permission) ? '●' : '')).join(' | ')} | ${demands[trials[name]!.asks]} |`,
  );
  return `| Operation | Permission | Cost | ${roleNames.join(' | ')} | Beyond it |\n| --- | --- | --- | ${roleNames.map(() => ':-:').join(' | ')} | --- |\n${rows.join('\n')}`;
}

function costsTable(): string {
  const rows = (Object.keys(costs) as CostName[]).map(
    (name) =>
      `| \`${name}\` | ${costs[name].points} | ${isTimed(name) ? '●' : ''} | ${atOnceOf(name) ?? ''} | ${costs[name].sentence} |`,
  );
  return `| Cost | Points | Timed | At once a person | What |\n| --- | --: | :-: | --: | --- |\n${rows.join('\n')}`;
}

const mayEnterWith = (held: readonly Permission[], declared: Declared) =>
  !(declared in permissions) || held.includes(declared as Permission);
