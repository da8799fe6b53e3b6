import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdClock } from './kernel/clock.ts';
import { newId } from './kernel/ids.ts';
import { inParallel } from './testing/hostile.ts';
import { type TestClient } from './testing/client.ts';
import { visitor, type Visitor } from './testing/http.ts';
import { openWorld, type World } from './testing/world.ts';

/*
 * What held when: intervals are asked about moments of a history made through the doors, and the whole of them is
 * compared with the rows of today.
 */

let world: World;
let ada: TestClient;
let ben: TestClient;
let eve: TestClient;
let olga: Visitor;

beforeAll(async () => {
  world = await openWorld();
  [ada, ben, eve] = (await Promise.all(['Ada', 'Ben', 'Eve'].map((name) => world.device(name)))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner'] }));
});
afterAll(async () => {
  await everythingAgrees();
  await world.close();
});

/** The present moment of the database, between what was done before and what is done after. */
async function moment(): Promise<string> {
  // Acts know whole milliseconds: a pause on both sides keeps them apart from this moment.
  const [row] = await world.db.rows<{ at: string }>(
    'select pg_sleep(0.002), clock_timestamp()::text as at, pg_sleep(0.002)',
  );
  return row!.at;
}
const holds = (at: number) => `from_at <= $${at} and (to_at is null or to_at > $${at})`;

async function members(conversationId: string, at: string): Promise<Record<string, string>> {
  const rows = await world.db.rows<{ name: string; role: string }>(
    `select u.name, i.role from membership_intervals i join users u on u.id = i.user_id where conversation_id = $1 and ${holds(2)} order by 1`,
    [conversationId, at],
  );
  return Object.fromEntries(rows.map(({ name, role }) => [name, role]));
}
async function valueAt<T>(table: string, column: string, key: string, id: string, at: string): Promise<T[]> {
  const rows = await world.db.rows<{ value: T }>(
    `select ${column} as value from ${table} where ${key} = $1 and ${holds(2)} order by 1`,
    [id, at],
  );
  return rows.map(({ value }) => value);
}

/** Tables of intervals, what each is about, and today's rows that must equal its open ones. */
const tables: Record<string, { key: string; today: string }> = {
  membership_intervals: {
    key: 'conversation_id, user_id',
    today: 'select conversation_id::text, user_id::text, role from members where left_at is null',
  },
  role_intervals: { key: 'user_id, role', today: 'select user_id::text, role from role_grants' },
  department_intervals: {
    key: 'user_id',
    today: 'select id::text as user_id, department_id::text from users where department_id is not null',
  },
  status_intervals: {
    key: 'user_id',
    today: `select id::text as user_id, status from users where status <> 'active'`,
  },
  department_tree_intervals: {
    key: 'department_id',
    today: 'select id::text as department_id, name, parent_id::text from departments',
  },
  setting_intervals: { key: 'name', today: 'select name, value::text from settings' },
};

/** The open intervals are today's rows, and no two intervals of one subject overlap. */
async function everythingAgrees(): Promise<void> {
  for (const [table, { key, today }] of Object.entries(tables)) {
    const rows = await world.db.rows<object>(`select * from (${today}) t order by t`);
    const columns = rows[0] ? Object.keys(rows[0]).map((column) => `${column}::text as ${column}`) : ['1'];
    const open = await world.db.rows<object>(`select ${columns.join(', ')} from ${table} where to_at is null`);
    const inOrder = (all: object[]) => all.map((row) => JSON.stringify(row)).sort();
    expect(inOrder(open), `${table}: open`).toEqual(inOrder(rows));
    const overlaps = await world.db.rows(
      `select * from (select from_at, lag(to_at, 1, '-infinity') over w as before, lag(to_at is null, 1, false) over w as was_open from ${table}
         window w as (partition by ${key} order by from_at)) t where before > from_at or before is null or was_open`,
    );
    expect(overlaps, `${table}: overlaps`).toEqual([]);
  }
}

describe('who belonged to a conversation at a moment', () => {
  test('leaving, coming back and changes of role are intervals of their own', async () => {
    const empty = await moment();
    const town = await ada.call('conversation:create', {
      clientId: newId(),
      kind: 'channel',
      name: 'Town',
      visibility: 'public',
      memberIds: [ben.userId],
    });
    const id = town.conversation.id;
    const begun = await moment();
    await ada.call('member:role', { conversationId: id, userId: ben.userId, role: 'moderator' });
    const promoted = await moment();
    await ben.call('conversation:leave', { conversationId: id });
    const left = await moment();
    await ben.call('conversation:join', { conversationId: id });
    await eve.call('conversation:join', { conversationId: id });
    const back = await moment();
    await ada.call('member:remove', { conversationId: id, userId: eve.userId });
    await ada.call('conversation:archive', { conversationId: id });
    const archived = await moment();
    expect(await members(id, empty)).toEqual({});
    expect(await members(id, begun)).toEqual({ Ada: 'owner', Ben: 'member' });
    expect(await members(id, promoted)).toEqual({ Ada: 'owner', Ben: 'moderator' });
    expect(await members(id, left)).toEqual({ Ada: 'owner' });
    expect(await members(id, back)).toEqual({ Ada: 'owner', Ben: 'member', Eve: 'member' });
    expect(await members(id, archived)).toEqual({ Ada: 'owner', Ben: 'member' });
    const count = await world.db.rows('select from membership_intervals where conversation_id = $1 and user_id = $2', [
      id,
      ben.userId,
    ]);
    expect(count).toHaveLength(3);
  });

  test('a direct conversation holds its two people, also while one of them is suspended', async () => {
    const { conversation } = await ada.call('conversation:direct', { userId: eve.userId });
    const before = await moment();
    const suspended = { ids: [eve.userId] };
    expect((await olga.act('suspendPeople', suspended)).code).toBeUndefined();
    const during = await moment();
    expect((await olga.act('reactivatePeople', suspended)).code).toBeUndefined();
    const after = await moment();
    for (const at of [before, during, after])
      expect(await members(conversation.id, at)).toEqual({ Ada: 'member', Eve: 'member' });
    const status = (at: string) => valueAt('status_intervals', 'status', 'user_id', eve.userId, at);
    expect([await status(before), await status(during), await status(after)]).toEqual([[], ['suspended'], []]);
    eve = await world.device('Eve');
  });

  test('concurrent joins, leaves and role changes: no intervals overlap, one is open', async () => {
    const town = await ada.call('conversation:create', {
      clientId: newId(),
      kind: 'channel',
      name: 'Square',
      visibility: 'public',
      memberIds: [ben.userId, eve.userId],
    });
    const there = { conversationId: town.conversation.id };
    const roles = ['owner', 'moderator', 'member'] as const;
    await inParallel(
      Array.from({ length: 120 }, (_, n) => n),
      8,
      async (n) => {
        const who = (n >> 2) % 2 ? ben : eve;
        const what = [
          () => who.tries('conversation:leave', there),
          () => who.tries('conversation:join', there),
          () => ada.tries('member:role', { ...there, userId: who.userId, role: roles[(n >> 2) % 3]! }),
          () => ada.tries('member:add', { ...there, userIds: [who.userId] }),
        ];
        await what[n % 4]!();
      },
    );
    const kept = await world.db.rows('select from membership_intervals where conversation_id = $1', [
      there.conversationId,
    ]);
    expect(kept.length).toBeGreaterThan(10);
    await everythingAgrees();
  });

  test('with the clock set back, an interval ends after its start, before the next one', async () => {
    const group = await ada.group('Clock', [ben]);
    const id = group.conversation.id;
    const restore = holdClock(() => Date.now() - 86_400_000);
    try {
      await ada.call('member:remove', { conversationId: id, userId: ben.userId });
      await ada.call('member:add', { conversationId: id, userIds: [ben.userId] });
      await ada.call('member:remove', { conversationId: id, userId: ben.userId });
    } finally {
      restore();
    }
    const rows = await world.db.rows<{ lasted: boolean; joined: boolean }>(
      `select to_at > from_at as lasted, from_at >= lag(to_at, 1, from_at) over (order by from_at) as joined
       from membership_intervals where conversation_id = $1 and user_id = $2 order by from_at`,
      [id, ben.userId],
    );
    expect(rows).toEqual([
      { lasted: true, joined: true },
      { lasted: true, joined: true },
    ]);
  });

  test('an act that is rolled back leaves no interval', async () => {
    const { conversation } = await ada.group('Rolled back', []);
    const before = (await world.db.rows('select from membership_intervals')).length;
    await world.db.rows(
      `create function refuse_events() returns trigger language plpgsql as $$ begin raise 'no room' ; end $$`,
    );
    await world.db.rows('create trigger no_room before insert on outbox for each row execute function refuse_events()');
    const added = await ada.tries('member:add', { conversationId: conversation.id, userIds: [ben.userId] });
    await world.db.rows('drop trigger no_room on outbox');
    expect(added).not.toBe('ok');
    expect(await world.db.rows('select from membership_intervals')).toHaveLength(before);
  });
});

test('the roles of a person at a moment are those granted and not withdrawn before it', async () => {
  const { id } = await world.person('Rosa');
  const roles = (at: string) => valueAt('role_intervals', 'role', 'user_id', id, at);
  const first = await moment();
  await olga.act('grantRole', { userId: id, role: 'auditor' });
  const granted = await moment();
  await olga.act('withdrawRole', { userId: id, role: 'auditor' });
  const withdrawn = await moment();
  await olga.act('grantRole', { userId: id, role: 'auditor' });
  const again = await moment();
  expect([await roles(first), await roles(granted), await roles(withdrawn), await roles(again)]).toEqual([
    ['member'],
    ['auditor', 'member'],
    ['member'],
    ['auditor', 'member'],
  ]);
});

test('departments at a moment: whose, called what, and below which', async () => {
  const { id } = await world.person('Dora');
  const make = async (name: string, parentId?: string) =>
    (await olga.act('createDepartment', { name, ...(parentId ? { parentId } : {}) })).done!.resultId!;
  const sales = await make('Sales');
  const north = await make('North', sales);
  await olga.act('editPerson', { id, departmentId: north });
  const before = await moment();
  await olga.act('renameDepartment', { id: north, name: 'Far North' });
  const renamed = await moment();
  await olga.act('deleteDepartment', { id: north, moveUp: true });
  const deleted = await moment();
  await olga.act('editPerson', { id, departmentId: '' });
  const none = await moment();
  const of = (at: string) => valueAt('department_intervals', 'department_id', 'user_id', id, at);
  expect([await of(before), await of(renamed), await of(deleted), await of(none)]).toEqual([
    [north],
    [north],
    [sales],
    [],
  ]);
  const tree = (at: string) =>
    valueAt('department_tree_intervals', `name || ' below ' || parent_id`, 'department_id', north, at);
  expect([await tree(before), await tree(renamed), await tree(deleted)]).toEqual([
    [`North below ${sales}`],
    [`Far North below ${sales}`],
    [],
  ]);
});

test('a setting at a moment: its value, or nothing while its default held', async () => {
  const value = (at: string) => valueAt('setting_intervals', 'value', 'name', 'readRevisions', at);
  const first = await moment();
  await olga.act('changeSetting', { name: 'readRevisions', value: 'sender' });
  const second = await moment();
  await olga.act('changeSetting', { name: 'readRevisions', value: 'none' });
  const third = await moment();
  expect([await value(first), await value(second), await value(third)]).toEqual([[], ['sender'], ['none']]);
});

test('sending, reading, muting, editing and signing in run no interval trigger', async () => {
  const group = await ada.group('Hot', [ben]);
  const there = { conversationId: group.conversation.id };
  const functions = await world.db.rows<{ name: string; source: string }>(
    `select distinct p.proname as name, pg_get_functiondef(p.oid) as source from pg_trigger t join pg_proc p on p.oid = t.tgfoid where p.proname ~ '_intervals$'`,
  );
  expect(functions.map(({ name }) => name).sort()).toEqual([
    'begin_membership_intervals',
    'begin_person_intervals',
    'change_department_intervals',
    'change_membership_intervals',
    'change_status_intervals',
    'keep_department_tree_intervals',
    'keep_role_intervals',
    'keep_setting_intervals',
  ]);
  // A trigger that ran would now fail the act that set it off.
  for (const { name } of functions)
    await world.db.rows(
      `create or replace function ${name}() returns trigger language plpgsql as $$ begin raise 'ran'; end $$`,
    );
  try {
    const root = await ada.says('hello', { in: group });
    const answer = await ben.says('hi', { in: group, threadId: root.id });
    await ben.call('read:mark', { ...there, line: root.line! });
    await ada.call('thread:mark', { ...there, threadId: root.id, answers: 1 });
    await ben.call('conversation:prefer', { ...there, muted: true, pinned: true });
    await ada.call('message:edit', { ...there, messageId: root.id, body: `hello <@${ben.userId}>` });
    await ben.call('message:recall', { ...there, messageId: answer.id });
    await ada.call('conversation:rename', { ...there, name: 'Hotter', purpose: '' });
    await world.device('Ben');
    const [read] = await world.db.rows<{ line: number }>(
      'select read_line as line from members where conversation_id = $1 and user_id = $2',
      [there.conversationId, ben.userId],
    );
    expect(read!.line).toBe(root.line);
    expect(await ada.tries('member:add', { ...there, userIds: [eve.userId] })).not.toBe('ok');
  } finally {
    for (const { source } of functions) await world.db.rows(source);
  }
  expect(await ada.tries('member:add', { ...there, userIds: [eve.userId] })).toBe('ok');
});
