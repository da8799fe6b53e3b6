import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { adminSchema } from '../admin-schema.ts';
import { authority } from '../kernel/authority.ts';
import { holdClock } from '../kernel/clock.ts';
import type { Actor } from '../kernel/actor.ts';
import { normalise } from '../kernel/plan.ts';
import { apply, preview } from '../kernel/preview.ts';
import { runWork, type Plan, type Work } from '../kernel/work.ts';
import { askable, organisation, settle, type Organisation } from '../testing/acts.ts';
import { changesBetween, columnsBetween, derived, dump, intervals, queue, type Dump } from '../testing/dump.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { acts } from './graphql-acts.ts';

/*
 * Previews are honest: for every act of the schema, on random organisations, through the door a console uses. The registry is asked what there is,
 * so an act nobody described here is one failing test.
 */

adminSchema();
const names = [...acts.keys()].sort();
const seed = Number(process.env['PARLEY_SEED'] ?? 20_261_124);
const numRuns = Number(process.env['PARLEY_ACT_RUNS'] ?? 12);

let world: World;
let olga: Visitor;
let oscar: Visitor;
let actor: Actor;
let staying: string[];
beforeAll(async () => {
  // Without a worker: whatever is written is written by the act.
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  [olga, oscar] = [visitor(world.origin), visitor(world.origin)];
  const owners = [
    await world.person('Olga', { roles: ['owner', 'member'] }),
    await world.person('Oscar', { roles: ['owner', 'member'] }),
  ];
  const session = await olga.signIn(owners[0]!);
  await oscar.signIn(owners[1]!);
  staying = owners.map(({ id }) => id);
  actor = await world.app.house.parts.use(authority).identify(session.accessToken);
});
afterAll(() => world.close());

test('every act of the schema is asked about here, and nothing else', () => {
  expect(Object.keys(askable).sort()).toEqual(names);
});

/** One organisation with one thing to ask in it; null where this organisation has nothing to ask about. */
const cases = (name: string) =>
  organisation.chain((all) => {
    const args = askable[name]!.args(all);
    return args ? fc.tuple(fc.constant(all), args) : fc.constant(null);
  });

async function onManyWorlds(
  name: string,
  prove: (all: Organisation, args: Record<string, unknown>) => Promise<boolean>,
  runs = numRuns,
): Promise<void> {
  let proven = 0;
  await fc.assert(
    fc.asyncProperty(
      cases(name).filter((one) => one !== null),
      async (one) => {
        const [all, args] = one!;
        await settle(world.db, all, staying);
        const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
        if (await prove(all, given)) proven++;
      },
    ),
    { numRuns: runs, seed, endOnFailure: true },
  );
  // Refusals of the verb are honest too, but they prove little.
  expect(proven, `${name} was nearly always refused`).toBeGreaterThan(runs / 3);
}

test.each(names)(
  '%s: the plan is what applying does, to the row, the audit entry and the event; previewing changes nothing',
  { timeout: 300_000 },
  (name) =>
    onManyWorlds(name, async (_all, args) => {
      const before = await dump(world.db);
      const heard = listen();
      const planned = await olga.askAct(name, args);
      const promised = planned.token ? entriesWhole(await wouldDo(name, args)) : null;
      expect(changesBetween(before, await dump(world.db)), 'previewing changed something').toEqual([]);
      expect(heard(), 'previewing was heard of').toEqual([]);
      if (!promised) return false;
      expect(planned.counts).toEqual(countsOf(promised));

      const applied = await olga.askAct(name, args, { previewToken: planned.token!, reason: 'for the test' });
      expect(applied, JSON.stringify(applied)).toMatchObject({ __typename: 'AppliedAct', counts: planned.counts });
      const after = await dump(world.db);
      const done = doneBetween(before, after);
      const kept = [done.audit, done.events].every(({ length }) => length > 0);
      expect(kept || done.changes.length === 0, `${name} did something without an entry, or without an event`).toBe(
        true,
      );
      expect(lies(done, before, after)).toEqual([]);
      expect(asTold(done, promised)).toEqual(inOrder(normalise(promised)));
      expect(untold(done, promised)).toEqual([]);
      expect(applied.entryIds.map((id) => after.get(`audit_entries ${id}`)?.row)).toEqual(
        promised.audit.map(({ action }) =>
          expect.objectContaining({ action, actorName: 'Olga', reason: 'for the test', door: 'graphql' }),
        ),
      );
      return true;
    }),
);

test.each(names.filter((name) => askable[name]!.move))(
  '%s: a token is refused once the world has moved on, with a sentence that names what moved',
  { timeout: 300_000 },
  (name) =>
    onManyWorlds(
      name,
      async (all, args) => {
        const planned = await olga.askAct(name, args);
        if (!planned.token || planned.counts.length === 0) return false;
        const move = askable[name]!.move!(all, args);
        await world.db.rows(move.sql, move.params);
        const before = await dump(world.db);
        const refused = await olga.askAct(name, args, { previewToken: planned.token, reason: 'for the test' });
        expect(refused.code, JSON.stringify([args, refused])).toBe('moved');
        expect(refused.message).toContain(move.names.slice(0, 40));
        expect(refused.message).toMatch(/^Since the preview, this changed: /);
        expect(changesBetween(before, await dump(world.db))).toEqual([]);
        return true;
      },
      Math.min(numRuns, 6),
    ),
);

test.each(names)(
  '%s: a token of somebody else, altered, for another act or other words, or too old is refused, and nothing changed',
  { timeout: 300_000 },
  (name) =>
    onManyWorlds(
      name,
      async (_all, args) => {
        const { token } = await olga.askAct(name, args);
        if (!token) return false;
        const before = await dump(world.db);
        const code = async (who: Visitor, previewToken: string, said = args) =>
          (await who.askAct(name, said, { previewToken, reason: 'for the test' })).code;
        expect(await code(oscar, token)).toBe('malformed');
        for (const altered of [
          `x${token}`,
          `${token}x`,
          token.slice(1),
          token.slice(0, -1),
          token.replace('.', ''),
          tampered(token),
          '',
          '.',
          'x.y',
        ])
          expect(await code(olga, altered), altered.slice(0, 40)).toBe('malformed');
        expect(await code(olga, token, reworded(args))).toBe('malformed');
        const other = await preview(world.app.house, actor, 'anotherAct', args, runOf(name, args));
        expect(await code(olga, other.token)).toBe('malformed');
        const release = holdClock(() => Date.now() - 16 * 60_000);
        const old = await preview(world.app.house, actor, name, args, runOf(name, args)).finally(release);
        await expect(apply(world.app.house, actor, name, args, old.token, runOf(name, args))).rejects.toMatchObject({
          code: 'moved',
          message: expect.stringContaining('15 minutes'),
        });
        expect(changesBetween(before, await dump(world.db))).toEqual([]);
        return true;
      },
      3,
    ),
);

const runOf = (name: string, args: Record<string, unknown>) => (work: Work) => {
  const spec = acts.get(name)! as never as {
    input: { parse(said: unknown): unknown };
    run(work: Work, input: unknown, reason: string): Promise<unknown>;
  };
  return spec.run(work, spec.input.parse(args), 'for the test');
};

/** Everything a preview could be heard by: sockets, listeners inside the process, and the bell of those who read the outbox. */
function listen(): () => unknown[] {
  const { broadcast, events, bell } = world.app.house;
  const spies = [vi.spyOn(broadcast, 'toRoom'), vi.spyOn(events, 'announce'), vi.spyOn(bell, 'ring')];
  return () =>
    spies.flatMap((spy): unknown[] => {
      const calls = [...spy.mock.calls];
      spy.mockRestore();
      return calls;
    });
}

/** Where entries name tables' rows. */
const tableOf: Record<string, string> = {
  user: 'users',
  department: 'departments',
  device: 'devices',
  task: 'tasks',
  setting: 'settings',
};

/** What entries say was before, or is now, and the rows they are about say otherwise. */
const lies = ({ audit }: Plan, before: Dump, after: Dump): string[] =>
  audit.flatMap(({ action, target, ...said }) =>
    [before, after].flatMap((rows, n) => {
      const told = (n === 0 ? said.before : said.after) ?? {};
      const row = rows.get(`${tableOf[target?.kind ?? '']} ${target?.id}`)?.row ?? {};
      return Object.entries(told)
        .filter(([column, value]) => column in row && JSON.stringify(row[column]) !== JSON.stringify(value))
        .map(
          ([column, value]) => `${action} says of ${column} ${n === 0 ? 'before' : 'after'}: ${JSON.stringify(value)}`,
        );
    }),
  );

/** The whole plan, of which the door shows at most a hundred rows. */
const wouldDo = async (name: string, args: Record<string, unknown>): Promise<Plan> =>
  (await runWork(world.app.house, actor, runOf(name, args), { preview: true })).plan;

const nobody = '00000000-0000-7000-8000-000000000000';
/** The same act asked for something else. */
function reworded(args: Record<string, unknown>): Record<string, unknown> {
  const key = ['ids', 'id', 'userId', 'name'].find((each) => args[each] !== undefined);
  if (key === 'name')
    return {
      ...args,
      name: args['value'] === undefined ? 'Other words' : 'evaluation',
      ...(args['value'] === undefined ? {} : { value: false }),
    };
  return key ? { ...args, [key]: key === 'ids' ? [nobody] : nobody } : { ...args, from: args['from'] === 4 ? 5 : 4 };
}

/** An entry without a before, an after or a name of its target has none of them as the log keeps it. */
const entriesWhole = (plan: Plan): Plan => ({
  ...plan,
  audit: plan.audit.map(({ target, ...entry }) => ({
    before: null,
    after: null,
    ...entry,
    ...(target ? { target: { name: null, ...target } } : {}),
  })),
});

/** The signature fits a token whose body says something else. */
function tampered(token: string): string {
  const [text = '', signature] = token.split('.');
  const body = JSON.parse(Buffer.from(text, 'base64url').toString()) as { expires: number };
  return `${Buffer.from(JSON.stringify({ ...body, expires: body.expires + 1 })).toString('base64url')}.${signature}`;
}

function countsOf({ changes }: Plan) {
  const groups = Map.groupBy(changes, ({ table, op }) => `${table} ${op}`);
  return [...groups.values()].map((group) => ({ table: group[0]!.table, op: group[0]!.op, count: group.length }));
}

type Json = Record<string, unknown> | null;
type Row = Record<'action' | 'targetKind' | 'targetId' | 'targetName' | 'reason' | 'type' | 'actorId', string> & {
  outcome: 'done';
  before: Json;
  after: Json;
  payload: Json;
};

/** What really happened, as a plan. */
function doneBetween(before: Dump, after: Dump): Plan {
  const all = changesBetween(before, after);
  const rows = (table: string) =>
    all.filter((change) => change.table === table && change.op === 'insert').map(({ after: row }) => row as Row);
  return {
    changes: all.filter(({ table }) => !['audit_entries', 'outbox', queue, ...derived, ...intervals].includes(table)),
    audit: rows('audit_entries').map(
      ({ action, outcome, targetKind, targetId, targetName, before: old, after: now, reason }) => ({
        action,
        outcome,
        ...(targetKind ? { target: { kind: targetKind, id: targetId, name: targetName } } : {}),
        before: timesIn(old),
        after: timesIn(now),
        reason,
      }),
    ),
    events: rows('outbox').map(({ type, payload, actorId }) => ({ type, payload: timesIn(payload)!, actorId })),
  };
}

/** JSON holds times as text. */
const timesIn = (json: Record<string, unknown> | null): Record<string, unknown> | null =>
  json &&
  Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value,
    ]),
  );

type Told = { table: string; id: string; op: string; before: Row | null; after: Row | null };
const keyOf = ({ table, id, op }: Told) => `${op} ${table} ${id}`;
const changesOf = (plan: Plan) => new Map((normalise(plan).changes as Told[]).map((change) => [keyOf(change), change]));

const inOrder = (plain: ReturnType<typeof normalise>) => ({
  ...plain,
  changes: (plain.changes as Told[]).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
});

/** What was done, with the columns the plan tells of: a plan need not tell every column of a row. */
function asTold(done: Plan, promised: Plan): ReturnType<typeof normalise> {
  const told = changesOf(promised);
  const only = (row: Row | null, like: Row | null | undefined) =>
    row && Object.fromEntries(Object.entries(row).filter(([column]) => !like || column in like));
  const plain = normalise(done);
  const changes = (plain.changes as Told[]).map((change) => ({
    ...change,
    before: only(change.before, told.get(keyOf(change))?.before),
    after: only(change.after, told.get(keyOf(change))?.after),
  }));
  return inOrder({ ...plain, changes });
}

/** Columns that differ by nature, name the row, or hold secrets; a plan may be silent about these and no others. */
const silent = new Set(['id', 'updatedAt', 'createdAt', 'number', 'head', 'hash', 'lastSeenAt']);

/** Columns the act wrote and its plan does not tell of. */
function untold(done: Plan, promised: Plan): string[] {
  const told = changesOf(promised);
  const rewritten = new Map(
    done.changes
      .filter(({ op }) => op === 'update')
      .map(({ table, id, before, after }) => [`update ${table} ${id}`, columnsBetween(before!, after!)]),
  );
  return [...changesOf(done)].flatMap(([key, { op, after }]) => {
    const written =
      op === 'delete'
        ? []
        : (rewritten.get(key) ?? Object.keys(after!).filter((column) => after![column as keyof Row] !== null));
    return written
      .filter((column) => !silent.has(column) && !(column in (told.get(key)?.after ?? {})))
      .map((column) => `${key}: ${column}`);
  });
}
