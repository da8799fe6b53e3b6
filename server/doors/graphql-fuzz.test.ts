import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faults, type Refusal } from '@parley/protocol/errors.ts';
import { garbled, hostileValue, inParallel, spoiled } from '../testing/hostile.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

const seed = 20_261_123;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);

let world: World;
let ada: Visitor;
beforeAll(async () => {
  process.on('unhandledRejection', hear);
  world = await openWorld();
  ada = visitor(world.origin);
  await ada.signIn(await world.person('Ada', { roles: ['owner', 'member'] }));
});
afterAll(async () => {
  process.off('unhandledRejection', hear);
  await world.close();
});

const documents = [
  'query Q($first: Int, $after: String, $query: String) { people(first: $first, after: $after, query: $query) { edges { cursor node { id name kind status email title createdAt roles department { id path } } } pageInfo { hasNextPage endCursor } } }',
  '{ me { id name permissions ...V @include(if: true) } a: people(first: 2) { edges { node { ... on Person { name } } } } } fragment V on Person { id }',
  'mutation M($id: ID!, $reason: String!, $token: String) { suspendPeople(ids: [$id], reason: $reason, previewToken: $token) { __typename ... on PlannedAct { token changes { before after label } entries { action } } ... on RefusedAct { code } } }',
  'mutation M($id: ID!, $role: RoleName!, $reason: String!) { grantRole(userId: $id, role: $role, reason: $reason) { __typename } withdrawRole(userId: $id, role: $role, reason: $reason) { __typename } moveDepartment(id: $id, parentId: $id) { __typename } endDevices(ids: [$id]) { __typename } }',
  'query { __schema { types { name fields { name } } } __typename }',
];
const variables = {
  first: 3,
  after: 'x',
  query: 'a',
  id: '00000000-0000-7000-8000-000000000000',
  role: 'analyst',
  reason: 'fuzz',
  token: 'x.y',
};

/** Nonsense made of the language's own pieces. */
const nonsense = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ':',
      '!',
      '$',
      '@',
      '...',
      'on',
      'query',
      'mutation',
      'subscription',
      'fragment',
      'people',
      'me',
      'id',
      'name',
      'first',
      '1',
      '-1',
      '1e9',
      '"x"',
      '"""',
      'null',
      'true',
      '$first',
      '@skip',
      '(if: true)',
      '__typename',
      '__schema',
      '#',
      ',',
      '\n',
      '\ufeff',
      'Person',
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(' '));

const variablesOf = fc.oneof(
  fc.constant<unknown>(variables),
  fc
    .tuple(fc.constantFrom(...Object.keys(variables)), hostileValue)
    .map(([key, value]) => ({ ...variables, [key]: value })),
  hostileValue,
);

test(
  'six thousand GraphQL requests nobody should send: no 500, no fault of ours, nothing unheard',
  { timeout: 900_000 },
  async () => {
    const requests = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(fc.constantFrom(...documents).chain(garbled), variablesOf)
          .map(([query, said]) => JSON.stringify({ query, variables: said })),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.constantFrom(...documents), variablesOf)
          .map(([query, said]) => JSON.stringify({ query, variables: said })),
      },
      { weight: 2, arbitrary: nonsense.map((query) => JSON.stringify({ query })) },
      { weight: 2, arbitrary: spoiled({ query: documents[0], variables, operationName: 'Q' }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom(2, 20, 400, 3_000),
            fc.constantFrom('{ me ', '{ a: me { id } ', '[', '...{ ', '@a ', '"', '( '),
          )
          .map(([times, piece]) => JSON.stringify({ query: `{ ${piece.repeat(times)}` })),
      },
    );
    const codes = new Map<string, number>();
    await inParallel(fc.sample(requests, { numRuns: 6_000, seed }), 16, async (body) => {
      const reply = await ada.ask('POST', '/graphql', body);
      const { errors = [] } = reply.body as unknown as { errors?: { message: string; extensions: Refusal }[] };
      const wrong = errors.find(
        ({ extensions, message }) =>
          !(extensions?.code in faults) ||
          extensions.code === 'internal' ||
          !extensions.requestId ||
          /\n {4}at /.test(message),
      );
      if (reply.status >= 500 || wrong || (reply.status >= 400 && errors.length === 0))
        throw new Error(`answered ${reply.status} ${reply.text.slice(0, 300)} to ${body.slice(0, 500)}`);
      const code = errors[0]?.extensions.code ?? 'ok';
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
    // It got through the grammar too, or it would prove little.
    expect(codes.get('ok')).toBeGreaterThan(300);
    expect(codes.get('malformed')).toBeGreaterThan(3_000);
    expect(unheard).toEqual([]);
    expect((await ada.graphql('{ me { name } }')).data).toEqual({ me: { name: 'Ada' } });
  },
);
