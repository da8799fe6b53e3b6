import {
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLOutputType,
} from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { calls as catalogue } from '@parley/protocol/catalogue.ts';
import { adminSchema } from './admin-schema.ts';
import { routes } from './app.ts';
import { declaredOperations, trials } from './permissions.ts';
import { visitor, type Visitor } from './testing/http.ts';
import { actors } from './testing/matrix.ts';
import { makeCast, setScene, tryCell, type Cast, type Scene } from './testing/matrix-world.ts';
import type { Trials } from './testing/trials.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * What is stored so that it can be checked, and what is handed out once, is in no answer and no line of the log, whoever asks; and no door takes a
 * word it does not know. Both are asked of everything the doors declare.
 */

let world: World;
let olga: Visitor;
let cast: Cast;
let scene: Scene;
const canaries = new Map<string, string>();
beforeAll(async () => {
  world = await openWorld();
  cast = await makeCast(world);
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  const mel = await world.person('Mia');
  await visitor(world.origin).signIn(mel);
  const invited = await olga.act('invitePerson', { name: 'Ira', email: 'ira@example.com', roles: ['member'] });
  const reset = await olga.act('resetPassword', { id: mel.id });
  canaries.set('the secret of a reset link', reset.done!.resetLink!.split('#')[1]!);
  canaries.set('the secret of an invitation', invited.done!.inviteLink!.split('#')[1]!);
  for (const [name, value] of olga.cookies) canaries.set(`the cookie ${name}`, value);
  canaries.set('the secret of the installation', 'a secret that only tests share with each other');
  canaries.set('a password', mel.password);
  await gatherStored();
  scene = await setScene(
    world,
    cast,
    actors.find(({ name }) => name === 'owner')!,
    {
      place: 'group',
      whose: 'own',
      target: 'weaker',
    },
  );
});
afterAll(() => world.close());

/** Columns that hold what a secret is checked against. The chained hashes of the audit log are for everybody who may read it. */
async function gatherStored(): Promise<void> {
  const columns = await world.db.rows<{ table: string; column: string }>(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = 'public' and table_name not like 'audit%' and table_name <> 'schema_migrations' and column_name ~ 'hash|secret|token|password'`,
  );
  for (const { table, column } of columns) {
    for (const row of await world.db.rows<{ value: unknown }>(
      `select ${column} as value from ${table} where ${column} is not null`,
    )) {
      const name = `${table}.${column}`;
      // Fixtures hold a hash of one letter, which is in everything.
      if (Buffer.isBuffer(row.value) && row.value.length >= 16)
        for (const form of ['hex', 'base64', 'base64url'] as const)
          canaries.set(`${name} ${form} ${canaries.size}`, row.value.toString(form));
      else if (typeof row.value === 'string' && row.value.length > 8)
        canaries.set(`${name} ${canaries.size}`, row.value);
    }
  }
}

const told = (text: string) => [...canaries].flatMap(([name, value]) => (text.includes(value) ? [name] : []));

/** Everything that can be asked of a type, a few floors down. */
function everythingOf(type: GraphQLOutputType, depth: number): string | null {
  if (isNonNullType(type) || isListType(type)) return everythingOf(type.ofType as GraphQLOutputType, depth);
  if (isUnionType(type)) return '{ __typename }';
  if (!isObjectType(type)) return '';
  if (depth === 0) return null;
  const parts = Object.values(type.getFields()).flatMap((field) => {
    const inner = field.args.some((arg) => isNonNullType(arg.type)) ? null : everythingOf(field.type, depth - 1);
    return inner === null ? [] : [`${field.name} ${inner}`];
  });
  return parts.length > 0 ? `{ ${parts.join(' ')} }` : null;
}

/** What a query is asked with: the words the matrix tries it with, without what they ask for. */
function argsOf(name: string): string | undefined {
  if (name === 'auditProof') return '(id: "1")';
  const words = (trials as Trials)[`query ${name}`]?.words?.(scene) as string | undefined;
  return /^\{ \w+(\([^)]*\))/.exec(words ?? '')?.[1];
}

test.each(Object.values(adminSchema().getQueryType()!.getFields()).map((field) => [field.name, field] as const))(
  'query %s, asked for all it has, tells an owner no secret',
  async (name, field: GraphQLField<unknown, unknown>) => {
    const paged = field.args.some((arg) => arg.name === 'first') ? '(first: 5)' : '';
    const deep = [4, 3, 2].map((depth) => everythingOf(field.type, depth) ?? '');
    let answer: Awaited<ReturnType<Visitor['graphql']>> | undefined;
    // As deep as the bounds of the door allow.
    for (const all of deep) {
      answer = await olga.graphql(`{ ${name}${argsOf(name) ?? paged} ${all} }`);
      if (answer.code !== 'malformed') break;
    }
    // Within its first minute an entry is sealed and not signed, and has no proof yet.
    expect([undefined, 'conflict'], JSON.stringify(answer!.errors).slice(0, 300)).toContain(answer!.code);
    expect(told(JSON.stringify(answer))).toEqual([]);
  },
);

test('no operation of any door answers with a secret, and none reaches the log', async () => {
  const owner = actors.find(({ name }) => name === 'owner')!;
  for (const operation of declaredOperations()) {
    const who = { ...owner, roles: [...owner.roles, 'member' as const], standing: 'owner' as const };
    const { text } = await tryCell(
      world,
      operation,
      await setScene(world, cast, who, { place: 'group', whose: 'own', target: 'weaker' }),
    );
    expect(told(text), `${operation.name}: ${text.slice(0, 200)}`).toEqual([]);
  }
  expect(told(world.logged.join(''))).toEqual([]);
  // Hashes of passwords, devices and invitations were really looked for.
  expect(
    [...canaries.keys()].filter((name) => /^(passwords|devices|invitations|password_resets)\./.test(name)).length,
  ).toBeGreaterThan(7);
});

const inputs = [
  ...Object.entries(catalogue).map(([name, input]) => [name, input] as const),
  ...routes.map(({ method, path, input }) => [`${method} ${path}`, input] as const),
];

test.each(inputs)('%s takes no word it does not know', (_name, input) => {
  for (const word of [
    'role',
    'isAdmin',
    'tenantId',
    'createdAt',
    'deletedAt',
    'seq',
    'constructor',
    '__proto__',
    'senderId',
  ]) {
    const said = JSON.parse(`{"${word}": "x"}`) as object;
    const judged = input.safeParse(said);
    const issues = judged.success ? [] : (judged.error as z.core.$ZodError).issues;
    const known = Object.keys((input as unknown as { def: { shape: object } }).def.shape);
    const strange = issues.some((issue) => issue.code === 'unrecognized_keys' && issue.keys.includes(word));
    expect(strange || known.includes(word), `${word} was taken`).toBe(true);
  }
});
