import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminSchema } from '../admin-schema.ts';
import { askable, organisation, settle } from '../testing/acts.ts';
import { changesBetween, derived, dump, intervals, queue } from '../testing/dump.ts';
import { visitor, type ActAnswer, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { acts } from './graphql-acts.ts';

/*
 * What is true of every act of the schema whatever it does: a plan is applied once, also by many at the same moment; an act that cannot be audited
 * does not happen; rights and strength are judged when it is applied; and it takes no word it does not know.
 */

adminSchema();
const names = [...acts.keys()].sort();

let world: World;
let olga: Visitor;
let staying: string[];
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  olga = visitor(world.origin);
  const owner = await world.person('Olga', { roles: ['owner', 'member'] });
  await olga.signIn(owner);
  staying = [owner.id, (await world.person('Oscar', { roles: ['owner', 'member'] })).id];
});
afterAll(() => world.close());

type Asked = { args: Record<string, unknown>; token: string; planned: ActAnswer };

/** Something this act would really do, in an organisation made for it. */
async function somethingToDo(name: string): Promise<Asked> {
  const worlds = fc.sample(
    organisation.chain((all) => {
      const args = askable[name]!.args(all);
      return args ? fc.tuple(fc.constant(all), args) : fc.constant(null);
    }),
    { seed: 7, numRuns: 60 },
  );
  for (const one of worlds) {
    if (!one) continue;
    await settle(world.db, one[0], staying);
    const args = Object.fromEntries(Object.entries(one[1]).filter(([, value]) => value !== undefined));
    const planned = await olga.askAct(name, args);
    if (planned.token && planned.counts.length > 0) return { args, token: planned.token, planned };
  }
  throw new Error(`in none of these organisations ${name} would do anything`);
}

const applying = (name: string, { args, token }: Asked) =>
  olga.askAct(name, args, { previewToken: token, reason: 'for the test' });

describe.each(names)('%s', (name) => {
  test('one plan applied by twelve at the same moment is done once, and never again', { timeout: 60_000 }, async () => {
    const asked = await somethingToDo(name);
    const before = await dump(world.db);
    const answers = await Promise.all(Array.from({ length: 12 }, () => applying(name, asked)));
    const done = answers.filter(({ code }) => code === undefined);
    expect(done, JSON.stringify(answers)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== undefined);
    for (const { code, message } of [...refused, await applying(name, asked)])
      expect([code, message]).toEqual(['moved', expect.stringMatching(/^This plan was applied already\./)]);
    const changes = changesBetween(before, await dump(world.db));
    expect(changes.filter(({ table }) => table === 'audit_entries')).toHaveLength(done[0]!.entryIds.length);
    const planned = asked.planned.counts.reduce((sum, { count }) => sum + count, 0);
    const written = ['audit_entries', 'outbox', queue, ...derived, ...intervals];
    expect(changes.filter(({ table }) => !written.includes(table))).toHaveLength(planned);
  });

  test('what cannot be audited is not done', async () => {
    const asked = await somethingToDo(name);
    const before = await dump(world.db);
    await world.db.rows(
      `create or replace function refuse_entries() returns trigger language plpgsql as $$ begin raise 'no room for entries'; end $$`,
    );
    await world.db.rows(
      'create trigger no_room before insert on audit_entries for each row execute function refuse_entries()',
    );
    try {
      const answer = await applying(name, asked);
      expect(answer).toMatchObject({ code: 'internal', message: expect.not.stringMatching(/room|entries/) });
    } finally {
      await world.db.rows('drop trigger no_room on audit_entries');
    }
    expect(changesBetween(before, await dump(world.db))).toEqual([]);
    // The plan was not used up by what did not happen.
    expect((await applying(name, asked)).code).toBeUndefined();
  });

  test('whoever lost the right since the preview is refused, and that is audited', async () => {
    const asked = await somethingToDo(name);
    await world.db.rows(`delete from role_grants where user_id = $1 and role = 'owner'`, [staying[0]]);
    await forgetRights();
    const before = await dump(world.db);
    try {
      expect(await applying(name, asked)).toMatchObject({ code: 'forbidden' });
      const changes = changesBetween(before, await dump(world.db));
      expect(changes.filter(({ table }) => table !== 'audit_entries')).toEqual([]);
    } finally {
      await world.db.rows(`insert into role_grants (user_id, role) values ($1, 'owner') on conflict do nothing`, [
        staying[0],
      ]);
      await forgetRights();
    }
  });

  test.each([
    'tenantId',
    'isAdmin',
    'createdAt',
    'deletedAt',
    'seq',
    'passwordHash',
    'grantedBy',
    'constructor',
    'hasOwnProperty',
  ])('takes no %s', async (word) => {
    const spec = acts.get(name)! as unknown as { input: { safeParse(said: unknown): { success: boolean } } };
    const { args } = await somethingToDo(name);
    expect(spec.input.safeParse(args).success).toBe(true);
    expect(spec.input.safeParse({ ...args, [word]: 'x' }).success).toBe(false);
    const { code } = await olga.graphql(`mutation { ${name}(${word}: "x") { __typename } }`);
    expect(code).toBe('malformed');
  });
});

/** Rights are remembered for whoever is inside: somebody else's act makes the house forget. */
async function forgetRights(): Promise<void> {
  world.app.house.events.announce([{ type: 'role.granted', payload: { userId: staying[0] }, actorId: null }]);
}

test('a token with anything added or removed is refused; unaltered it still applies', async () => {
  const { id } = await world.person('Token');
  const args = { id, title: 'Baker' };
  const { token } = await olga.askAct('editPerson', args);
  const apply = async (previewToken: string) =>
    (await olga.askAct('editPerson', args, { reason: 'x', previewToken })).code;
  for (const more of ['.junk', '.', '=', '!!', ' x', '\u200b', 'A'])
    expect(await apply(`${token}${more}`), more).toBe('malformed');
  const [text, signature] = token!.split('.');
  for (const other of [
    `${text}..${signature}`,
    `${text}.!${signature}`,
    `${text}`,
    `.${signature}`,
    token!.slice(0, -1),
  ])
    expect(await apply(other), other.slice(-60)).toBe('malformed');
  expect(await apply(token!)).toBeUndefined();
});
