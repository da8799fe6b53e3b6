import * as z from 'zod/mini';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminSchema } from '../admin-schema.ts';
import { notFound } from '../kernel/errors.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { secondDoor } from '../testing/second-door.ts';
import { openWorld, type World } from '../testing/world.ts';
import { buildAdminSchema, type AdminPart } from './graphql-builder.ts';
import { graphqlLimits } from './graphql-limits.ts';
import { createGraphqlDoor } from './graphql.ts';

let world: World;
let ada: Visitor;
beforeAll(async () => {
  world = await openWorld();
  ada = visitor(world.origin);
  await ada.signIn(await world.person('Ada', { roles: ['owner', 'member'] }));
});
afterAll(() => world.close());

test('a root field without permission, cost or checked arguments stops the boot', () => {
  const build = (part: AdminPart) => () =>
    buildAdminSchema([
      (builder) =>
        builder.mutationField('fine', (t) => t.boolean({ permission: 'everyone', cost: 'read', resolve: () => true })),
      (builder) =>
        builder.queryField('fine', (t) => t.boolean({ permission: 'everyone', cost: 'read', resolve: () => true })),
      part,
    ]);
  expect(build(() => undefined)).not.toThrow();
  expect(build((builder) => builder.queryField('leak', (t) => t.boolean({ resolve: () => true } as never)))).toThrow(
    'Query.leak declares no permission',
  );
  expect(
    build((builder) =>
      builder.mutationField('leak', (t) => t.boolean({ permission: '', cost: 'read', resolve: () => true } as never)),
    ),
  ).toThrow('Mutation.leak declares no permission');
  expect(
    build((builder) =>
      builder.queryField('trusting', (t) =>
        t.boolean({ permission: 'everyone', cost: 'read', args: { a: t.arg.string() }, resolve: () => true }),
      ),
    ),
  ).toThrow('Query.trusting takes arguments');
  expect(
    build((builder) =>
      builder.queryField('dear', (t) => t.boolean({ permission: 'everyone', resolve: () => true } as never)),
    ),
  ).toThrow('Query.dear declares no cost');
});

test('a stranger may ask nothing; errors carry our refusal', async () => {
  const { status, data, errors } = await visitor(world.origin).graphql('{ me { id } }');
  expect([status, data]).toEqual([200, null]);
  expect(errors[0]?.extensions).toEqual({
    code: 'unauthenticated',
    fault: 'yours',
    message: 'Sign in first.',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test('only a POST of one JSON operation is taken', async () => {
  const query = '{ me { id } }';
  const status = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    (await ada.ask(method, path, body, headers)).status;
  expect(await status('GET', `/graphql?query=${encodeURIComponent(query)}`)).toBe(405);
  expect(
    await status('GET', `/graphql?query=${encodeURIComponent(query)}`, undefined, { 'apollo-require-preflight': '1' }),
  ).toBe(405);
  expect(await status('PUT', '/graphql', { query })).toBe(405);
  expect(await status('POST', '/graphql/more', { query })).toBe(404);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/graphql'])
    expect(await status('POST', '/graphql', { query }, { 'content-type': type }), type).toBe(400);
  expect(await status('POST', '/graphql', [{ query }, { query }])).toBe(400);
  expect(await status('POST', '/graphql', '[]')).toBe(400);
  for (const body of [
    {},
    { query: 1 },
    { query: null },
    { query: { a: 1 } },
    { query, variables: [] },
    { query, variables: 'x' },
    { query, operationName: 1 },
    { query, more: 1 },
    { query, extensions: 'x' },
    { query: '' },
    { query, operationName: 'Nobody' },
  ]) {
    expect(await status('POST', '/graphql', body), JSON.stringify(body)).toBe(400);
  }
  expect(
    await status('POST', '/graphql', { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  ).toBe(400);
  expect(await status('POST', '/graphql', { query, variables: null, operationName: null })).toBe(200);
});

test('what a document may ask for is bounded, each bound tested one above', async () => {
  const { tokens, depth, aliases, directives, documentBytes, breadth } = graphqlLimits;
  const code = async (query: string) => (await ada.graphql(query)).code;
  // Five tokens beside the fields; as many fields are refused for their number too, but only after they were counted as tokens.
  const selected = async (n: number) => (await ada.graphql(`{ me { ${'id '.repeat(n - 5)} } }`)).errors[0]?.message;
  expect(await selected(tokens)).not.toContain('tokens');
  expect(await selected(tokens + 1)).toContain('more that 1000 tokens');
  const aliased = (n: number) => `{ ${Array.from({ length: n }, (_, i) => `a${i}: me { id }`).join(' ')} }`;
  expect(await code(aliased(aliases))).toBeUndefined();
  expect(await code(aliased(aliases + 1))).toBe('malformed');
  const directed = (n: number) => `{ me { ${Array.from({ length: n }, () => 'id @include(if: true)').join(' ')} } }`;
  expect(await code(directed(directives))).toBeUndefined();
  expect(await code(directed(directives + 1))).toBe('malformed');
  const long = (bytes: number) => `{ me { id } } #${'x'.repeat(bytes - '{ me { id } } #'.length)}`;
  expect(await code(long(documentBytes))).toBeUndefined();
  expect(await code(long(documentBytes + 1))).toBe('too_large');
  expect(
    (await ada.ask('POST', '/graphql', { query: '{ me { id } }', variables: { x: 'x'.repeat(2 * documentBytes) } }))
      .status,
  ).toBe(413);
  const wide = (fields: number) => `{ me { ${'id '.repeat(fields - 1)} } }`;
  expect(await code(wide(breadth))).toBeUndefined();
  expect(await code(wide(breadth + 1))).toBe('malformed');
  expect(await code(`{ ${'...{ '.repeat(depth + 1)} me { id } ${'}'.repeat(depth + 1)} }`)).toBe('malformed');
});

test('cost is counted with the rows a page may hold, before anything runs', async () => {
  const page = (first: number, times: number) =>
    `query { ${Array.from({ length: times }, (_, i) => `p${i}: people(first: ${first}) { edges { node { id name kind status email title createdAt roles department { id name path } } } }`).join(' ')} }`;
  expect((await ada.graphql(page(100, 1))).code).toBeUndefined();
  expect((await ada.graphql(page(100, 14))).code).toBe('malformed');
  expect(
    (await ada.graphql('query ($n: Int) { people(first: $n) { edges { cursor } } }', { n: 2_000_000_000 })).code,
  ).toBe('malformed');
  expect(
    (await ada.graphql('query ($n: Int) { people(first: $n) { edges { cursor } } }', { n: 99_999_999_999 })).code,
  ).toBe('malformed');
});

test('fragments that go in circles, and documents that are none, are refused without an echo of our schema', async () => {
  for (const query of [
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    '{ me { ...A } } fragment A on Person { ...A }',
    '{',
    'query',
    '\u0000',
    '{ me { id } } }',
    'mutation { me { id } }',
    '{ me }',
    '{ me { id { id } } }',
    'query A { me { id } } query A { me { id } }',
    '{ me(id: 1) { id } }',
    'query ($a: Nothing) { me { id } }',
  ]) {
    const { status, code } = await ada.graphql(query);
    expect([status, code], query).toEqual([400, 'malformed']);
  }
  expect((await ada.graphql('subscription { x }')).code).toBe('malformed');
  for (const query of ['{ mee { id } }', '{ me { nam } }', '{ people(fist: 1) { edges { cursor } } }']) {
    expect(JSON.stringify((await ada.graphql(query)).errors)).not.toMatch(/did you mean/i);
  }
});

test('mutations are acts: what a verb refuses leaves nothing behind, and the refusal names itself', async () => {
  const mel = await world.person('Mel');
  const before = await world.db.rows('select count(*) from audit_entries');
  expect((await ada.act('suspendPeople', { ids: [mel.id] }, ' ')).code).toBe('malformed');
  expect((await ada.act('suspendPeople', { ids: ['00000000-0000-7000-8000-000000000000'] })).code).toBe('not_found');
  expect((await ada.act('suspendPeople', { ids: [7] })).code).toBe('malformed');
  expect(await world.db.rows('select count(*) from audit_entries')).toEqual(before);
  expect((await ada.act('suspendPeople', { ids: [mel.id] })).code).toBeUndefined();
  expect(await world.db.rows('select status from users where id = $1', [mel.id])).toEqual([{ status: 'suspended' }]);
});

test('in production nobody reads the schema from the server; a broken field is ours, logged, and told without detail', async () => {
  const part: AdminPart = (builder) => {
    const Thing = builder.objectRef<{ id: string }>('Thing').implement({
      fields: (t) => ({
        id: t.exposeID('id'),
        broken: t.string({ nullable: true, resolve: () => Promise.reject(new Error('the inside of a thing')) }),
        gone: t.string({ nullable: true, resolve: () => Promise.reject(notFound('thing')) }),
        none: t.string({ resolve: () => null as never }),
      }),
    });
    builder.queryField('thing', (t) =>
      t.field({ type: Thing, permission: 'everyone', cost: 'read', resolve: () => ({ id: '1' }) }),
    );
    builder.queryField('crash', (t) =>
      t.boolean({
        permission: 'everyone',
        cost: 'read',
        resolve: () => Promise.reject(new Error('the inside of a crash')),
      }),
    );
    builder.mutationField('touch', (t) =>
      t.boolean({
        permission: 'everyone',
        cost: 'read',
        input: z.strictObject({ a: z.string() }),
        args: { a: t.arg.string({ required: true }) },
        resolve: () => true,
      }),
    );
  };
  const { house } = world.app;
  const door = createGraphqlDoor({
    house,
    schema: buildAdminSchema([part]),
    config: { production: true, trustProxy: 0 },
  });
  const http = await secondDoor(world, [], { graphql: door.handler });
  const who = visitor(http.origin);
  try {
    expect((await who.ask('POST', '/graphql', { query: '{ thing { id } }' })).status).toBe(503);
    await door.start();
    expect((await who.graphql('{ thing { id } }')).data).toEqual({ thing: { id: '1' } });
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Thing") { fields { name } } }'])
      expect((await who.graphql(query)).code).toBe('malformed');
    expect((await who.graphql('{ __typename }')).data).toEqual({ __typename: 'Query' });
    const { data, errors } = await who.graphql('{ thing { id broken gone } }');
    expect(data).toEqual({ thing: { id: '1', broken: null, gone: null } });
    expect(Object.fromEntries(errors.map(({ extensions }) => [extensions.code, extensions.fault]))).toEqual({
      internal: 'ours',
      not_found: 'yours',
    });
    expect((await who.graphql('{ crash }')).errors[0]?.extensions).toMatchObject({
      code: 'internal',
      requestId: expect.any(String),
    });
    expect((await who.graphql('{ thing { none } }')).code).toBe('internal');
    expect(JSON.stringify([errors, await who.graphql('{ crash }')])).not.toContain('inside');
    const logged = world.logged.join('');
    for (const said of ['the inside of a thing', 'the inside of a crash', 'Cannot return null'])
      expect(logged).toContain(said);
  } finally {
    http.close();
    await door.stop();
  }
});

test('every root field of the real schema declares a permission that exists', () => {
  const schema = adminSchema();
  const roots = [
    ...Object.values(schema.getQueryType()!.getFields()),
    ...Object.values(schema.getMutationType()!.getFields()),
  ];
  expect(roots.length).toBeGreaterThanOrEqual(6);
});

test('outside production the schema is told only to those who may open the console', async () => {
  const asked = ['{ __schema { types { name } } }', '{ ...f } fragment f on Query { __type(name: "Query") { name } }'];
  const [olga, ben] = [visitor(world.origin), visitor(world.origin)];
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await ben.signIn(await world.person('Ben'));
  for (const query of asked) {
    expect((await visitor(world.origin).graphql(query)).code, query).toBe('unauthenticated');
    expect((await ben.graphql(query)).code, query).toBe('forbidden');
    expect((await olga.graphql(query)).errors, query).toEqual([]);
  }
});
