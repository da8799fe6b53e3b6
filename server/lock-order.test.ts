import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { permissionsOf } from './access/roles.ts';
import { routes, socketCalls } from './app.ts';
import { acts } from './doors/graphql-acts.ts';
import { firstToken, hashOf } from './identity/refresh-token.ts';
import { identity } from './identity/identity.ts';
import type { Actor } from './kernel/actor.ts';
import { Refused } from './kernel/errors.ts';
import { newId } from './kernel/ids.ts';
import { deadlocks } from './kernel/telemetry.ts';
import { runWork, type Work } from './kernel/work.ts';
import { declaredOperations, trials } from './permissions.ts';
import { freshDatabase, type FreshDatabase } from './testing/database.ts';
import { deadlocksIn } from './testing/deadlock-count.ts';
import { makeCast, setScene, type Cast, type Scene } from './testing/matrix-world.ts';
import { canMeet, lockedTables, readLockables, type Lockables, type Locked } from './testing/locked-tables.ts';
import { isLongForm } from './testing/long-form.ts';
import { statementsOf, withPauses } from './testing/statements.ts';
import type { Trials } from './testing/trials.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * No two operations wait for each other. Every operation the doors declare runs once, to see which tables it locks;
 * then every two that lock rows of one table run against each other on the same objects, several at once, lists in
 * opposite orders. Acts run as previews: they take all their locks and change nothing, so that they can be repeated. An
 * operation is included by its trial (x.trials.ts); one whose trial does not reach its rows is named, and gets its
 * words below. PARLEY_MATRIX=whole plays every pair more often.
 */

/** How often each operation of a pair is played at least, in two lanes. */
const times = isLongForm ? 40 : 4;
/** What devices do all the time meets itself more often. */
const hot = new Set(['message:send', 'read:mark', 'thread:mark']);

let fresh: FreshDatabase;
let world: World;
let cast: Cast;
let stage: Stage;
let lockables: Lockables;

/**
 * The one scene everything happens in: two who lead the conversation and the installation, and two who are not in it
 * yet.
 */
type Stage = { scene: Scene; leaders: Actor[]; newcomers: Actor[]; people: string[]; devices: string[] };

beforeAll(async () => {
  fresh = await freshDatabase();
  world = await openWorld({
    databaseUrl: fresh.url,
    clickhouseUrl: fresh.clickhouseUrl,
    env: { PARLEY_ROLES: 'web', PARLEY_DATABASE_POOL: '12' },
  });
  cast = await makeCast(world);
  stage = await setStage();
  lockables = await readLockables(world.db);
  await pauseAtEveryRow();
});
afterAll(async () => {
  await world?.close();
  await fresh?.drop();
});

/** Each written row takes its time, so that what one statement locks in passing is met by others, too. */
async function pauseAtEveryRow(): Promise<void> {
  await world.db.rows(
    `create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(random() * 0.002); return coalesce(new, old); end $$`,
  );
  for (const table of lockables.references.keys())
    await world.db.rows(
      `create trigger pause before insert or update or delete on ${table} for each row execute function pause()`,
    );
}

async function setStage(): Promise<Stage> {
  const { db } = world;
  const scene = await setScene(
    world,
    cast,
    { name: 'leader', roles: ['owner', 'member'], standing: 'owner' },
    { place: 'public channel', whose: 'own', target: 'weaker' },
  );
  const made = async () => {
    const other = await setScene(world, cast, { name: 'another', roles: ['owner', 'member'], standing: null }, {});
    return { id: other.userId, deviceId: other.deviceId };
  };
  const [second, third, fourth] = [await made(), await made(), await made()];
  await db.rows(`insert into members (conversation_id, user_id, role, rev) values ($1, $2, 'owner', 8)`, [
    scene.conversationId,
    second.id,
  ]);
  await db.rows('insert into thread_follows (user_id, thread_id, conversation_id) values ($1, $2, $3)', [
    second.id,
    scene.otherMessage,
    scene.conversationId,
  ]);
  const people = [cast.member, cast.tom, second.id, third.id].sort();
  await db.rows('update users set department_id = $1 where id = any ($2)', [cast.department, people]);
  const actorOf = ({ id, deviceId }: { id: string; deviceId: string }): Actor => ({
    kind: 'person',
    id,
    name: 'Actor',
    deviceId,
    permissions: permissionsOf(['owner', 'member']),
  });
  return {
    scene,
    leaders: [actorOf({ id: scene.userId, deviceId: scene.deviceId }), actorOf(second)],
    newcomers: [actorOf(third), actorOf(fourth)],
    people,
    devices: [cast.device, scene.deviceId, second.deviceId, third.deviceId],
  };
}

/**
 * One try of an operation: its own turn, so that tries in one round differ in what must be new, and go through lists
 * from both ends.
 */
type Turn = { number: number; actor: Actor; other: Actor };
const inTurn = <T>(list: T[], { number }: Turn): T[] => (number % 2 ? list.toReversed() : list);
const here = () => ({ conversationId: stage.scene.conversationId });

/** Words for operations whose trial names one row where several could be meant, or reaches none. */
const words: Record<string, (turn: Turn) => unknown> = {
  'message:send': ({ number }) => ({
    ...here(),
    clientId: newId(),
    body: 'hello',
    ...(number % 2 ? { threadId: stage.scene.otherMessage } : {}),
  }),
  'read:mark': () => ({ ...here(), line: 1_000_000 }),
  'thread:mark': ({ number }) => ({ ...here(), threadId: stage.scene.otherMessage, answers: number }),
  'conversation:create': (turn) => ({
    clientId: newId(),
    kind: 'group',
    name: 'new',
    memberIds: inTurn([...stage.people, turn.other.id!], turn),
  }),
  'conversation:direct': ({ other }) => ({ userId: other.id }),
  'member:add': (turn) => ({ ...here(), userIds: inTurn([cast.nora, cast.member, cast.owner], turn) }),
  'mutation suspendPeople': (turn) => ({ ids: inTurn([cast.member, cast.tom, cast.owner], turn) }),
  'mutation reactivatePeople': (turn) => ({ ids: inTurn([cast.suspendedMember, cast.suspendedOwner], turn) }),
  'mutation endDevices': (turn) => ({ ids: inTurn(stage.devices, turn) }),
  'mutation editPerson': () => ({ id: cast.nora, title: 'Baker', departmentId: cast.department }),
  'mutation invitePerson': () => ({
    name: 'New',
    email: `${newId()}@example.com`,
    roles: ['member', 'auditor'],
    departmentId: cast.department,
  }),
  'mutation withdrawRole': ({ number }) =>
    number % 2 ? { userId: cast.owner, role: 'owner' } : { userId: cast.tom, role: 'member' },
  'mutation deleteDepartment': () => ({ id: cast.department, moveUp: true }),
  'POST /api/session/refresh': ({ actor }) => ({ refreshToken: tokenOf(actor) }),
  'GET /api/tasks/:taskId/file': () => ({ taskId: cast.task }),
  'POST /api/invitation': () => ({ token: 'the invitation', password: 'a long password for the invited' }),
  'POST /api/password-reset/person': () => ({ token: 'the reset link' }),
  'POST /api/password-reset': () => ({ token: 'the reset link', password: 'seven lamps over water' }),
  'POST /api/session/password': () => ({ current: oldPassword, password: 'seven lamps over water', endOthers: false }),
  'DELETE /api/session/devices/:deviceId': ({ number }) => ({ deviceId: stage.devices[number % stage.devices.length] }),
};

async function inviteIvy(): Promise<void> {
  await world.db.rows(`update users set status = 'invited', invited_at = now() where id = $1`, [cast.invitedMember]);
  await world.db.rows(
    `insert into invitations (id, user_id, hash, expires_at) values (gen_random_uuid(), $1, sha256('the invitation'), now() + interval '1 day')
     on conflict (hash) do update set used_at = null, void_at = null`,
    [cast.invitedMember],
  );
}

async function makeReset(): Promise<void> {
  await world.db.rows(
    `insert into password_resets (id, user_id, hash, expires_at) values (gen_random_uuid(), $1, sha256('the reset link'), now() + interval '1 day')
     on conflict (hash) do update set used_at = null, void_at = null`,
    [cast.member],
  );
}

const oldPassword = 'nine boats in a bottle';
async function giveOldPassword(): Promise<void> {
  const hashed = await hash(oldPassword, { memoryCost: 1024, timeCost: 1 });
  for (const { id } of stage.leaders)
    await world.db.rows(
      'insert into passwords (user_id, hash) values ($1, $2) on conflict (user_id) do update set hash = excluded.hash, changed_at = now()',
      [id, hashed],
    );
}

/** Operations that refuse here, and rightly: an installation that has an owner is not set up again. */
const refuses: Record<string, string> = { 'POST /api/set-up': 'conflict' };

/** What must be true before an operation that really happens can happen again. */
const before: Record<string, () => Promise<unknown>> = {
  'read:mark': () =>
    world.db.rows('update conversations set last_line = last_line + 1 where id = $1', [stage.scene.conversationId]),
  'POST /api/session/refresh': () =>
    Promise.all(
      stage.leaders.map((actor) =>
        world.db.rows(`update devices set refresh_hash = $2, rotated_at = now() where id = $1`, [
          actor.deviceId,
          hashOf(tokenOf(actor)),
        ]),
      ),
    ),
  'POST /api/invitation': inviteIvy,
  'mutation inviteAgain': inviteIvy,
  'POST /api/password-reset/person': makeReset,
  'POST /api/password-reset': makeReset,
  'POST /api/session/password': giveOldPassword,
};

const tokens = new Map<string, string>();
function tokenOf({ deviceId }: Actor): string {
  if (!tokens.has(deviceId!)) tokens.set(deviceId!, firstToken(world.app.house.parts.use(identity).keys, deviceId!));
  return tokens.get(deviceId!)!;
}

type Verb = { name: string; run(work: Work, said: unknown): Promise<unknown>; parse(said: unknown): unknown };

/** Everything the doors declare that can change something. A query is a reading: the doors give it no transaction. */
function verbs(): Verb[] {
  const http = { request: { headers: {}, method: 'POST', originalUrl: '/api' }, response: { cookie: () => undefined } };
  const parsed = (input: { safeParse(said: unknown): { success: boolean; data?: unknown } }) => (said: unknown) => {
    const result = input.safeParse(said);
    if (!result.success) throw new Error(`its words are malformed: ${JSON.stringify(said)}`);
    return result.data;
  };
  const known = new Map<string, Omit<Verb, 'name'>>([
    ...socketCalls.map(
      ({ name, input, run }) =>
        [name, { run: (work: Work, said: unknown) => run(work, said), parse: parsed(input) }] as const,
    ),
    ...routes.map(
      ({ method, path, input, run }) =>
        [
          `${method} ${path}`,
          { run: (work: Work, said: unknown) => run(work, said as never, http as never), parse: parsed(input) },
        ] as const,
    ),
    ...[...acts.values()].map(
      ({ name, input, run }) =>
        [
          `mutation ${name}`,
          { run: (work: Work, said: unknown) => run(work, said as never, 'for the test'), parse: parsed(input) },
        ] as const,
    ),
  ]);
  return declaredOperations()
    .filter(({ name }) => !name.startsWith('query '))
    .map(({ name }) => {
      const verb = known.get(name);
      if (!verb) throw new Error(`${name} is declared and cannot be run`);
      return { name, ...verb };
    });
}

async function play({ name, run, parse }: Verb, number: number): Promise<void> {
  const pair = trials[name]!.asks === 'newcomer' ? stage.newcomers : stage.leaders;
  const turn: Turn = { number, actor: pair[number % 2]!, other: pair[(number + 1) % 2]! };
  const trial = (trials as Trials)[name]?.words;
  const said = parse(words[name]?.(turn) ?? trial?.({ ...stage.scene, userId: turn.actor.id! }) ?? {});
  await runWork(world.app.house, turn.actor, (work) => run(work, said), { preview: true });
}

/**
 * Plays both in two lanes each until both were played so many times: the shorter goes on for as long as the longer
 * takes, within bounds.
 */
async function playAgainst(one: Verb, two: Verb, atLeast: number): Promise<void> {
  const played = [0, 0];
  const lane = async (verb: Verb, which: 0 | 1, from: number) => {
    for (let n = from; Math.min(...played) < atLeast && n < from + 4 * atLeast; n++) {
      await before[verb.name]?.();
      // Refusals are answers, too: of two who do the same, one may come too late.
      await play(verb, n).catch(() => undefined);
      played[which]!++;
    }
  };
  await Promise.all([lane(one, 0, 0), lane(two, 1, 0), lane(one, 0, 1), lane(two, 1, 1)]);
}

const lost = async () => (await deadlocks.get()).values.reduce((sum, { value }) => sum + value, 0);

test(
  'any two operations that lock rows of one table, run against each other, never deadlock',
  { timeout: 1_800_000 },
  async () => {
    const silent: string[] = [];
    const tables = new Map<Verb, Locked>();
    for (const verb of verbs()) {
      await before[verb.name]?.();
      const { result, statements } = await statementsOf(() => play(verb, 0).catch((error: Error) => error));
      const outcome = result instanceof Refused ? result.code : result?.message;
      if (outcome !== refuses[verb.name]) silent.push(`${verb.name}: ${String(outcome)}`);
      const locked = lockedTables(lockables, statements);
      if (locked.rows.size > 0) tables.set(verb, locked);
    }
    expect(silent, 'these do nothing with the words of their trial: give them words in this file').toEqual([]);
    for (const name of ['message:send', 'read:mark', 'mutation suspendPeople', 'POST /api/session'])
      expect([...tables.keys()].map((verb) => verb.name)).toContain(name);

    const locking = [...tables.keys()];
    const pairs = locking.flatMap((one, n) =>
      locking.slice(n).flatMap((two) => (canMeet(tables.get(one)!, tables.get(two)!) ? [[one, two] as const] : [])),
    );
    const guilty: string[] = [];
    const started = performance.now();
    await withPauses(async () => {
      for (const [one, two] of pairs) {
        const already = await lost();
        await playAgainst(one, two, hot.has(one.name) && hot.has(two.name) ? times * 8 : times);
        if ((await lost()) > already) guilty.push(`${one.name} with ${two.name}`);
      }
    });
    console.info(
      `${locking.length} operations lock rows; ${pairs.length} pairs in ${Math.round(performance.now() - started)} ms`,
    );
    expect(guilty).toEqual([]);
    await world.close();
    expect(await deadlocksIn(fresh.url)).toBe(0);
  },
);
