import type { GraphQLArgument, GraphQLField } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faults } from '@parley/protocol/errors.ts';
import { limits } from '@parley/protocol/limits.ts';
import { adminSchema } from '../admin-schema.ts';
import { changesBetween, dump } from '../testing/dump.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Every argument of every root field, with what nobody should say there: a clear code, never a fault of ours, nothing changed. The arguments are
 * read from the schema, so that one added tomorrow is tried tomorrow.
 */

let world: World;
let olga: Visitor;
const good: Record<string, unknown> = {};
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  const owner = await world.person('Olga', { roles: ['owner', 'member'] });
  await olga.signIn(owner);
  const mel = await world.person('Mel');
  Object.assign(good, {
    id: mel.id,
    ids: [mel.id],
    userId: mel.id,
    role: 'analyst',
    name: 'organisation',
    value: 'x',
    email: 'new@example.com',
    title: 'Baker',
    locale: 'en',
    roles: ['member'],
    moveUp: true,
    first: 2,
    query: 'a',
    status: 'active',
    kind: 'person',
    sort: 'NAME',
    descending: true,
    action: 'user.',
    outcome: 'done',
    targetId: mel.id,
    actorId: mel.id,
    text: 'a',
    idleDays: 7,
    reason: 'why',
    from: '2026-01-01',
    to: '2026-01-08',
    timeZone: 'UTC',
    grain: 'day',
    conversationKinds: ['group'],
    bots: false,
  });
});
afterAll(() => world.close());

const schema = adminSchema();
const roots = [
  ...Object.values(schema.getQueryType()!.getFields()).map((field) => ['query', field.name, field] as const),
  ...Object.values(schema.getMutationType()!.getFields()).map((field) => ['mutation', field.name, field] as const),
];
/** Arguments whose good value is another where they stand. */
const goodFor = (field: string, arg: GraphQLArgument): unknown => {
  if (field === 'auditProof' || field === 'auditEntry') return '7';
  if (['metric', 'metricBreakdown', 'metricEvents'].includes(field) && arg.name === 'id') return 'messages.sent';
  if (String(arg.type) === 'DateTime') return '2026-01-01T00:00:00Z';
  if (String(arg.type) === 'Float') return 3;
  return good[arg.name];
};
const hostile: unknown[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '%',
  '_',
  '\\',
  `' or 1=1 --`,
  `'; drop table users; --`,
  '{"$ne": null}',
  '${7*7}',
  '../../etc/passwd',
  '<script>',
  '__proto__',
  'constructor',
  'NaN',
  '-1',
  '9'.repeat(400),
  'x'.repeat(40_001),
  '🙂'.repeat(30_000),
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-7000-8000-00000000000g',
  '0001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '2026-02-30',
  '9999-12-31',
  'Europe/Berlin; drop',
  'owner,member',
  0,
  -1,
  1.5,
  1e308,
  2_147_483_648,
  Number.MAX_SAFE_INTEGER,
  true,
  [],
  ['a'],
  [[]],
  [null],
  Array.from({ length: 501 }, () => '00000000-0000-7000-8000-000000000000'),
  Array.from({ length: 501 }, (_, n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`),
  {},
  { a: 1 },
  { length: 3 },
  { toString: 'x' },
];

function documentOf(kind: string, field: GraphQLField<unknown, unknown>): string {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  return `${kind} ${declared ? `(${declared})` : ''} { answer: ${field.name}${given ? `(${given})` : ''} ${scalars.has(field.name) ? '' : '{ __typename ... on RefusedAct { code message } }'} }`;
}
const scalars = new Set(['auditActions']);
const documents = new Map(
  roots.map(([kind, name, field]) => [
    name,
    documentOf(kind, field).replace(kind === 'query' ? ' ... on RefusedAct { code message }' : '\0', ''),
  ]),
);

async function answerTo(field: string, variables: Record<string, unknown>) {
  const { status, data, code, errors, ...rest } = await olga.graphql(documents.get(field)!, variables);
  const answer = (data as Record<string, { code?: string; message?: string } | null> | null)?.['answer'];
  return { status, code: code ?? answer?.code ?? 'ok', message: errors[0]?.message ?? answer?.message ?? '', rest };
}

test.each(roots.filter(([, , { args }]) => args.length > 0))(
  '%s %s: hostile words in any argument are refused clearly or harmless',
  { timeout: 300_000 },
  async (_kind, name, field) => {
    const before = await dump(world.db);
    const variables = Object.fromEntries(field.args.map((arg) => [arg.name, goodFor(name, arg)]));
    for (const { name: arg } of field.args) {
      for (const value of hostile) {
        const { status, code, message } = await answerTo(name, { ...variables, [arg]: value });
        const said = `${name} ${arg} = ${JSON.stringify(value).slice(0, 60)}: ${status} ${code} ${message.slice(0, 200)}`;
        expect(status, said).toBeLessThan(500);
        expect(code === 'ok' || (code in faults && code !== 'internal'), said).toBe(true);
        expect(message, said).not.toMatch(/select|insert|syntax|relation|pg_|node_modules|\.ts:/i);
      }
    }
    const changed = changesBetween(before, await dump(world.db)).filter(
      ({ table, op }) =>
        !(op === 'insert' && table === 'audit_entries') &&
        !['outbox_cursors', 'analytics_check', 'audit_statements', 'audit_entries'].includes(table),
    );
    expect(changed).toEqual([]);
  },
);

const long = (length: number) => 'x'.repeat(length);
const manyIds = (count: number) =>
  Array.from({ length: count }, (_, n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`);

test.each<[string, string, unknown, unknown]>([
  ['people', 'query', long(limits.query), long(limits.query + 1)],
  ['people', 'first', 100, 101],
  ['auditEntries', 'text', long(limits.name), long(limits.name + 1)],
  ['auditEntries', 'action', long(limits.name), long(limits.name + 1)],
  ['auditEntries', 'targetId', long(limits.name), long(limits.name + 1)],
  ['find', 'query', long(limits.query), long(limits.query + 1)],
  ['invitePerson', 'name', long(limits.name), long(limits.name + 1)],
  ['invitePerson', 'email', `${long(limits.email - 6)}@x.com`, `${long(limits.email - 5)}@x.com`],
  ['invitePerson', 'title', long(limits.name), long(limits.name + 1)],
  ['editPerson', 'name', long(limits.name), long(limits.name + 1)],
  ['editPerson', 'title', long(limits.name), long(limits.name + 1)],
  ['createDepartment', 'name', long(limits.name), long(limits.name + 1)],
  ['suspendPeople', 'ids', manyIds(limits.people), manyIds(limits.people + 1)],
  ['reactivatePeople', 'ids', manyIds(limits.people), manyIds(limits.people + 1)],
  ['endDevices', 'ids', manyIds(limits.people), manyIds(limits.people + 1)],
  ['suspendPeople', 'reason', long(limits.reason), long(limits.reason + 1)],
  ['changeSetting', 'value', long(limits.name), long(limits.name + 1)],
])('%s %s takes its cap and refuses one more', async (name, arg, most, more) => {
  const field = roots.find(([, each]) => each === name)![2];
  const variables: Record<string, unknown> = {
    ...Object.fromEntries(field.args.map((one) => [one.name, goodFor(name, one)])),
    ...(name === 'invitePerson' || name === 'createDepartment' ? { departmentId: undefined, parentId: undefined } : {}),
  };
  if (name === 'createDepartment' || name === 'editPerson') variables['departmentId'] = undefined;
  // Ids nobody has pass the door and are looked for.
  const passed = Array.isArray(most) ? ['not_found'] : ['ok'];
  expect(passed).toContain((await answerTo(name, { ...variables, [arg]: most })).code);
  expect(await answerTo(name, { ...variables, [arg]: more })).toMatchObject({ code: 'malformed' });
});

test('sorting by a hidden or unknown column, and asking for one, is refused without a word about the columns there are', async () => {
  for (const query of [
    '{ people(sort: PASSWORD) { edges { cursor } } }',
    '{ people(sort: HEAD) { edges { cursor } } }',
    '{ people(sort: "name") { edges { cursor } } }',
    '{ people(sort: name) { edges { cursor } } }',
    '{ people { edges { node { passwordHash } } } }',
    '{ devices { edges { node { refreshHash } } } }',
    '{ tasks(sort: NAME) { edges { cursor } } }',
  ]) {
    const { code, errors } = await olga.graphql(query);
    expect(code, query).toBe('malformed');
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|EMAIL|LAST_SEEN/i);
  }
});
