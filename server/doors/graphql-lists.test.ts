import { isDeepStrictEqual } from 'node:util';
import { getNamedType, isObjectType, type GraphQLField, type GraphQLObjectType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateClickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest } from '@parley/analytics/ingest.ts';
import { adminSchema } from '../admin-schema.ts';
import { analyticsStore } from '../dashboards/numbers.ts';
import { statementsOf, type Statement } from '../testing/statements.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let olga: Visitor;
beforeAll(async () => {
  // Without a worker, which would ask things of its own and otherwise makes the store's tables.
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  await migrateClickhouse(world.app.house.parts.use(analyticsStore));
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await world.db.rows(
    `insert into departments (id, name) select gen_random_uuid(), 'Department ' || n from generate_series(1, 40) n`,
  );
  await world.db.rows(
    `insert into users (id, kind, name, email, department_id) select gen_random_uuid(), 'person', 'Person ' || d.name, d.id || '@example.com', d.id from departments d`,
  );
  await world.db.rows(
    `insert into role_grants (user_id, role) select u.id, r from users u, unnest(array['owner', 'member']) r on conflict do nothing`,
  );
  await world.db.rows(
    `insert into devices (id, user_id, name, refresh_hash) select gen_random_uuid(), u.id, 'phone', 'x' from users u`,
  );
  await world.db.rows(
    `insert into tasks (id, kind, name, by_id, by_name) select gen_random_uuid(), 'import', 'x', u.id, u.name from users u`,
  );
  await world.db.rows(
    `insert into audit_entries (actor_id, actor_name, action, outcome, target_kind, target_id) select u.id, u.name, 'x.done', 'done', 'user', u.id from users u`,
  );
  await sayThings();
});
afterAll(() => world.close());

/** Everybody has said something, and the store of numbers knows. */
async function sayThings(): Promise<void> {
  const at = Date.parse('2026-01-03T12:00:00Z');
  const spoken = await world.db.rows<{ message: string; conversation: string; department: string; person: number }>(
    `with room as (insert into conversations (id, kind, name) values (gen_random_uuid(), 'group', 'Room') returning id)
     insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, created_at)
     select gen_random_uuid(), room.id, u.number, u.number, u.number, u.id, 'said ' || u.number, 'hello', to_timestamp($1::float8 / 1000) from users u, room
     returning id as message, conversation_id as conversation, (select department_id from users where id = sender_id) as department, seq::int as person`,
    [at],
  );
  await ingest(
    world.app.house.parts.use(analyticsStore),
    spoken.map((row) => ({
      ...row,
      eventId: row.message,
      kind: 'message',
      at: at + row.person,
      bot: false,
      conversationKind: 'group',
    })),
    'what was said',
  );
  said['conversationMessages'] = `conversationId: "${spoken[0]!.conversation}", reason: "for the test", `;
  await world.db.rows(
    `insert into conversations (id, kind, name) select gen_random_uuid(), 'group', 'Group ' || n from generate_series(1, 40) n`,
  );
  await world.db.rows(
    `insert into members (conversation_id, user_id, role, rev) select c.id, u.id, 'member', 1 from conversations c, users u where u.number % 3 = 0`,
  );
}

/** Costs an act a person by design, and says so in its price. */
const dear = new Set(['entries']);

const queries = adminSchema().getQueryType()!.getFields();
const range = 'id: "messages.sent", from: "2026-01-01", to: "2026-01-08", timeZone: "UTC", grain: day, ';
const said: Record<string, string> = { roleHolders: 'role: owner, ', metricEvents: range };
const lists = Object.values(queries).filter(({ args }) => args.some(({ name }) => name === 'first'));

/** Every field one can reach from a type in so many steps, that needs no argument. */
function everything(type: GraphQLObjectType, steps: number): string {
  const fields = Object.values(type.getFields()).filter(
    ({ name, args }) => !dear.has(name) && args.every(({ type: needed }) => !String(needed).endsWith('!')),
  );
  return `{ ${fields.map((field) => selected(field, steps)).join(' ')} }`;
}
function selected({ name, type }: GraphQLField<unknown, unknown>, steps: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return name;
  return steps > 0 ? `${name} ${everything(named, steps - 1)}` : '';
}

const ask = (field: GraphQLField<unknown, unknown>, first: number) =>
  olga.graphql(
    `{ ${field.name}(${said[field.name] ?? ''}first: ${first}) ${everything(getNamedType(field.type) as GraphQLObjectType, 4)} }`,
  );
const rowsIn = ({ data }: Awaited<ReturnType<typeof ask>>, name: string) =>
  (data as unknown as Record<string, { edges: unknown[] }>)[name]!.edges.length;

const textsOf = ({ statements }: { statements: Statement[] }) =>
  statements.map(({ text }) => text.replace(/limit 31$/, 'limit 4')).sort();

/**
 * What three rows ask and what thirty ask. Loaders gather by turns of the event loop, and one batch in a while falls into two; the house's own work
 * in the background asks, too. Neither lasts, so of several tries one has the same statements for both; where a field asks by itself none has.
 */
async function askedAlike(asked: (rows: number) => ReturnType<typeof ask>) {
  for (let tries = 1; ; tries++) {
    const few = await statementsOf(() => asked(3));
    const many = await statementsOf(() => asked(30));
    if (isDeepStrictEqual(textsOf(few), textsOf(many)) || tries === 20) return [few, many] as const;
  }
}

test.each(lists.map((field) => [field.name, field] as const))(
  '%s asks the database as often for thirty rows as for three, with everything one can reach from them',
  async (name, field) => {
    // Prepared statements and plans are made once.
    await ask(field, 2);
    const [few, many] = await askedAlike((rows) => ask(field, rows));
    for (const { result } of [few, many]) expect(result.code, JSON.stringify(result.errors)).toBeUndefined();
    expect([rowsIn(few.result, name), rowsIn(many.result, name)]).toEqual([3, 30]);
    expect(many.statements.map(({ text }) => text).sort()).toEqual(
      few.statements.map(({ text }) => text.replaceAll('limit 4', 'limit 31')).sort(),
    );
  },
);

test('findPeople asks the database as often for thirty people as for three', async () => {
  const type = getNamedType(queries['findPeople']!.type) as GraphQLObjectType;
  const asked = (limit: number) =>
    olga.graphql(`{ findPeople(query: "Person", limit: ${limit}) ${everything(type, 4)} }`);
  await asked(2);
  const [few, many] = await askedAlike(asked);
  const found = [few, many].map(
    ({ result }) => (result.data as unknown as { findPeople: unknown[] }).findPeople.length,
  );
  expect(found).toEqual([3, 30]);
  expect(textsOf(many)).toEqual(textsOf(few));
});

test.each([
  ['departments', ''],
  ['roles', ''],
  ['find', '(query: "Department")'],
])('%s%s is read in a handful of statements, with everything one can reach from it', async (name, args) => {
  const type = getNamedType(queries[name]!.type) as GraphQLObjectType;
  const { result, statements } = await statementsOf(() => olga.graphql(`{ ${name}${args} ${everything(type, 2)} }`));
  expect(result.code, JSON.stringify(result.errors)).toBeUndefined();
  expect((result.data as unknown as Record<string, unknown[]>)[name]!.length).toBeGreaterThan(3);
  expect(statements.length).toBeLessThan(12);
});

test('what costs an act a person cannot be asked for a whole page of people', async () => {
  expect((await olga.graphql('{ people(first: 3) { edges { node { entries { action } } } } }')).code).toBeUndefined();
  expect((await olga.graphql('{ people(first: 100) { edges { node { entries { action } } } } }')).code).toBe(
    'malformed',
  );
});

const forged = (place: unknown) =>
  `${Buffer.from(JSON.stringify(place)).toString('base64url')}.${Buffer.alloc(12, 7).toString('base64url')}`;
const someId = '00000000-0000-7000-8000-000000000000';

test.each(lists.map(({ name }) => name))(
  '%s: a page of 0, 101 or no number, and a cursor by hand, altered, or of another list, are refused by name',
  async (name) => {
    const node = 'edges { cursor }';
    const words = said[name] ?? '';
    const tries = async (args: string) => {
      const { code, errors, data } = await olga.graphql(
        `{ ${name}(${words}${args}) { ${node} pageInfo { endCursor } } }`,
      );
      return { code, message: errors[0]?.message ?? '', data };
    };
    for (const first of ['0', '-1', '101', '2147483648', '1.5', '"3"', '[3]', '{a: 1}'])
      expect((await tries(`first: ${first}`)).code, first).toBe('malformed');
    expect((await tries('first: 100')).code).toBeUndefined();
    const own = (await tries('first: 2')).data as unknown as Record<string, { pageInfo: { endCursor: string | null } }>;
    const cursor = own[name]!.pageInfo.endCursor!;
    const others = await Promise.all(
      lists
        .filter(
          (other) =>
            other.name !== name &&
            !(name === 'people' && other.name === 'roleHolders') &&
            !(name === 'roleHolders' && other.name === 'people'),
        )
        .map(async (other) => {
          const page = (
            await olga.graphql(`{ ${other.name}(${said[other.name] ?? ''}first: 1) { pageInfo { endCursor } } }`)
          ).data as unknown as Record<string, { pageInfo: { endCursor: string } }>;
          return page[other.name]!.pageInfo.endCursor;
        }),
    );
    const hand = [
      forged(['a', someId]),
      forged([]),
      forged({}),
      forged(['a'.repeat(300), `' or 1=1 --`]),
      `x${cursor}`,
      cursor.slice(1),
      cursor.slice(0, -2),
      `${cursor}.x`,
      cursor.split('.')[0]!,
      '',
      '.',
      '..',
      'null',
      someId,
      '🙂',
      'a'.repeat(2_001),
      '\\u0000',
    ];
    for (const after of [...hand, ...others]) {
      const { code, message } = await tries(`after: "${after}"`);
      expect([code, message], after).toEqual(['malformed', expect.stringMatching(/^after: /)]);
    }
    for (const after of ['7', 'true', '["a"]', '{a: 1}'])
      expect((await tries(`after: ${after}`)).code, after).toBe('malformed');
  },
);
