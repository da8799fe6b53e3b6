import { readFileSync } from 'node:fs';
import { graphql } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminSchema } from './admin-schema.ts';
import { stranger } from './kernel/actor.ts';
import { inWork } from './kernel/work.ts';
import { declaredOperations, trials, permissionsReference, type DeclaredOperation } from './permissions.ts';
import { inParallel } from './testing/hostile.ts';
import { isLongForm } from './testing/long-form.ts';
import { actors, mayRead, rightAnswer, thingsOf, type Thing, type Who } from './testing/matrix.ts';
import { makeCast, setScene, tryCell, type Cast } from './testing/matrix-world.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * Who may do what, tried: every operation the doors declare, as every actor, on every kind of object. Each cell has one right answer
 * (testing/matrix.ts). A commit tries a pairwise selection; PARLEY_MATRIX=whole tries them all.
 */

const operations = declaredOperations();

let world: World;
let cast: Cast;
beforeAll(async () => {
  world = await openWorld();
  cast = await makeCast(world);
});
afterAll(() => world.close());

test('every operation says what it asks beyond its permission, and nothing is said of operations that are not there', () => {
  expect(Object.keys(trials).sort()).toEqual(operations.map(({ name }) => name).sort());
});

test('the committed paper shows the operations as they are', () => {
  const committed = readFileSync(new URL('../docs/reference/permissions.md', import.meta.url), 'utf8');
  expect(committed, 'run: npm run docs').toBe(permissionsReference());
});

type Cell = { operation: DeclaredOperation; who: Who; thing: Thing };

/** Every actor meets every operation, every operation every kind of its objects, every actor every kind of object. */
function cells(): Cell[] {
  return operations.flatMap((operation, n) => {
    const things = thingsOf[trials[operation.name]!.asks];
    // Of two kinds of object, and of recalled messages, one is usually right for everybody: leaving any out would leave out the question.
    const always = things.filter(({ message }) => isLongForm || things.length <= 2 || message);
    const some = things.filter((thing) => !always.includes(thing));
    return [
      ...actors.flatMap((who) => always.map((thing) => ({ operation, who, thing }))),
      ...(some.length === 0 ? [] : actors.map((who, m) => ({ operation, who, thing: some[(n + m) % some.length]! }))),
    ];
  });
}

/** Whether the log says that this actor was refused this operation, at this door. */
const isAudited = async ({ door, name }: DeclaredOperation, userId: string): Promise<boolean> =>
  (
    await world.db.rows(
      `select from audit_entries where actor_id = $1 and action = $2 and door = $3 and outcome = 'refused' and reason <> ''`,
      [userId, name, door],
    )
  ).length > 0;

test(
  'each cell has its one right answer, and whoever may not read hears nothing of what is said; who is forbidden is in the audit log',
  { timeout: 1_800_000 },
  async () => {
    const all = cells();
    const wrong: string[] = [];
    const tried = { socket: 0, rest: 0, graphql: 0, ok: 0 };
    await inParallel(all, 4, async ({ operation, who, thing }) => {
      const scene = await setScene(world, cast, who, thing);
      const { code, text } = await tryCell(world, operation, scene);
      const right = rightAnswer(operation, who, thing);
      const cell = `${operation.door} ${operation.name} as ${who.name} on ${JSON.stringify(thing)}`;
      tried[operation.door]++;
      if (right === 'ok') tried.ok++;
      if (code !== right) wrong.push(`${cell}: ${code} instead of ${right}; ${text.slice(0, 200)}`);
      if (code === 'forbidden' && !(await isAudited(operation, scene.userId)))
        wrong.push(`${cell}: refused, and no entry says so`);
      // Whoever reads with a reason may hear what they are not in: that is the operation.
      const mayHear = trials[operation.name]!.asks === 'reason' && right === 'ok';
      if (thing.place && !mayHear && !mayRead(who, thing.place) && text.includes(scene.secret))
        wrong.push(`${cell}: hears ${scene.secret} in ${text.slice(0, 300)}`);
      if (text.includes(scene.gone)) wrong.push(`${cell}: hears what was recalled in ${text.slice(0, 300)}`);
    });
    expect(wrong.sort()).toEqual([]);
    expect(all.length).toBeGreaterThan(1_000);
    // A matrix of refusals alone, or of permissions alone, would prove half.
    expect(tried.ok).toBeGreaterThan(all.length / 5);
    expect(tried.ok).toBeLessThan((all.length * 4) / 5);
    console.info(`${all.length} cells tried: ${JSON.stringify(tried)}`);
  },
);

/* Every role of today that may see people may also see their roles, devices and entries. Roles are data: one made tomorrow must meet the same wall. */
test.each([
  ['roles', 'roles.read'],
  ['permissions', 'roles.read'],
  ['devices { id }', 'devices.read'],
  ['entries { action }', 'audit.read'],
])('below a person, %s needs %s, whoever may see the person', async (field, right) => {
  const { house } = world.app;
  const asked = async (...permissions: string[]) => {
    const actor = {
      ...stranger,
      kind: 'person' as const,
      id: cast.nora,
      name: 'Nora',
      permissions: new Set(permissions),
    };
    const work = await inWork(house, actor, async (act) => act);
    return graphql({
      schema: adminSchema(),
      source: `{ person(id: "${cast.member}") { name ${field} } }`,
      contextValue: { ...work, sql: (text: string, params?: unknown[]) => house.db.rows(text, params) },
    });
  };
  const refused = await asked('users.read');
  expect(refused.errors?.map(({ message }) => message)).toEqual([`This needs the permission ${right}.`]);
  expect((await asked('users.read', right)).errors).toBeUndefined();
});
