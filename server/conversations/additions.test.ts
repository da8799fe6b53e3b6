import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallInput, CallName } from '@parley/protocol/catalogue.ts';
import { newId } from '../kernel/ids.ts';
import { RefusedCall, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

/** The organisation decides; a setting not named has its default. */
async function decide(settings: Record<string, unknown>): Promise<void> {
  await world.db.rows('delete from settings');
  for (const [name, value] of Object.entries(settings))
    await world.db.rows('insert into settings (name, value) values ($1, $2)', [name, JSON.stringify(value)]);
}

const guestOf = (name: string) => world.device(name, { kind: 'guest', roles: ['guest'] });
const added = async (client: TestClient, conversationId: string, userIds: string[]): Promise<string> => {
  const answer = await client.raw('member:add', { conversationId, userIds });
  return answer.error?.code ?? (answer.ok as { added: string[] }).added.join();
};

describe('people a guest cannot see', () => {
  const unseen = newId();
  let guest: TestClient;
  let seen: string;
  let group: string;
  let hidden: string;
  let secret: TestClient;

  beforeAll(async () => {
    await decide({});
    const [ada, boss] = [await world.device('Ada'), await world.device('Boss', { roles: ['owner', 'member'] })];
    guest = await guestOf('Gus');
    secret = boss;
    [seen, hidden] = [ada.userId, boss.userId];
    const { conversation } = await ada.group('with a guest', [guest]);
    group = conversation.id;
    const { conversation: other } = await ada.group('with two guests', [guest]);
    await ada.says('hello', { in: other.id });
  });

  /**
   * Every call that takes the id of a person: to a guest, the answer for an unseen person must be the one for an
   * unknown id.
   */
  const calls: { [N in CallName]?: (userId: string) => CallInput<N> } = {
    'member:add': (userId) => ({ conversationId: group, userIds: [userId] }),
    'member:remove': (userId) => ({ conversationId: group, userId }),
    'member:role': (userId) => ({ conversationId: group, userId, role: 'moderator' }),
    'conversation:create': (userId) => ({ clientId: newId(), kind: 'group', name: 'mine', memberIds: [userId] }),
    'conversation:direct': (userId) => ({ userId }),
    'people:get': (userId) => ({ ids: [userId] }),
    'presence:watch': (userId) => ({ userIds: [userId] }),
    'message:search': (userId) => ({ query: 'hello', senderId: userId }),
    'message:count': (userId) => ({ query: 'hello', senderId: userId }),
    'message:send': (userId) => ({ conversationId: group, clientId: newId(), body: `hello <@${userId}>` }),
  };

  test.each(Object.keys(calls) as CallName[])('%s answers as for an unknown id', async (name) => {
    const words = calls[name] as (userId: string) => unknown;
    const answer = async (userId: string) =>
      JSON.stringify((await guest.raw(name, words(userId))) as object)
        .replaceAll(userId, 'them')
        .replace(/"(id|requestId)":"[^"]*"/g, '')
        .replace(/"(at|seq|line|rev)":\d+/g, '');
    expect(await answer(hidden)).toBe(await answer(unseen));
    expect((await guest.call('people:get', { ids: [hidden] })).people).toEqual([]);
  });

  test('everything that takes ids of people is in the table', async () => {
    const { calls: catalogue } = await import('@parley/protocol/catalogue.ts');
    const takers = Object.entries(catalogue).flatMap(([name, type]) => {
      const fields = Object.keys((type as unknown as { shape?: object }).shape ?? {});
      return fields.some((field) => /^(userIds?|ids|memberIds|senderId)$/.test(field)) ? [name] : [];
    });
    expect(takers.filter((name) => !(name in calls))).toEqual([]);
    expect(takers.length).toBeGreaterThan(6);
  });

  test('a mention of a person the guest cannot see is neither stored nor delivered', async () => {
    await guest.says(`<@${hidden}> look`, { in: group });
    expect(await world.db.rows('select from mentions where user_id = $1', [hidden])).toEqual([]);
    expect(secret.mine).toEqual([]);
  });

  test('one unseen id refuses the call; people of a shared conversation can be added', async () => {
    const [ada, third] = [await world.device('Ada'), await world.device('Third')];
    const { conversation } = await ada.group('shared with a guest', [guest, third]);
    expect(await added(guest, group, [third.userId, hidden])).toBe('not_found');
    expect(await added(guest, group, [third.userId])).toBe(third.userId);
    expect(conversation.id).not.toBe(group);
    expect(seen).not.toBe(third.userId);
  });

  test('are not seen after the conversation that showed them is left', async () => {
    const [ada, shown] = [await world.device('Ada'), await world.device('Shown')];
    const { conversation } = await ada.group('shows for a while', [guest, shown]);
    await guest.call('conversation:leave', { conversationId: conversation.id });
    expect(await added(guest, group, [shown.userId])).toBe('not_found');
    expect((await guest.call('people:get', { ids: [shown.userId] })).people).toEqual([]);
  });
});

describe('a cap of the day', () => {
  const groupsOf = async (client: TestClient, count: number) =>
    Promise.all(Array.from({ length: count }, async (_, n) => (await client.group(`group ${n}`, [])).conversation.id));

  test('bounds how often one person adds another, and the next is refused with a time', async () => {
    await decide({ addedPerPersonPerDay: 3 });
    const [adder, victim, colleague] = [
      await world.device('Adder'),
      await world.device('Victim'),
      await world.device('Colleague'),
    ];
    const ids = await groupsOf(adder, 4);
    for (const id of ids.slice(0, 3)) expect(await added(adder, id, [victim.userId])).toBe(victim.userId);
    const refused = await adder.raw('member:add', { conversationId: ids[3]!, userIds: [victim.userId] });
    expect(refused.error).toMatchObject({ code: 'limited', fault: 'nobodys' });
    expect(refused.error!.retryAfter).toBeGreaterThan(0);
    expect(refused.error!.retryAfter).toBeLessThanOrEqual(24 * 3_600_000);
    // Adding again who was removed or has left counts again; adding a member does not count; other people are not affected.
    await adder.call('member:remove', { conversationId: ids[0]!, userId: victim.userId });
    expect(await added(adder, ids[0]!, [victim.userId])).toBe('limited');
    await victim.call('conversation:leave', { conversationId: ids[2]! });
    expect(await added(adder, ids[2]!, [victim.userId])).toBe('limited');
    expect(await added(adder, ids[1]!, [victim.userId])).toBe('');
    expect(await added(adder, ids[3]!, [colleague.userId])).toBe(colleague.userId);
    const create = colleague.group('from another', [victim]);
    expect((await create).memberCount).toBe(2);
  });

  test('the daily cap counts people added at creation; above it nothing is created', async () => {
    await decide({ addedPerPersonPerDay: 1 });
    const [maker, taken] = [await world.device('Maker'), await world.device('Taken')];
    await maker.group('the first', [taken]);
    await expect(maker.group('the second', [taken])).rejects.toThrow(RefusedCall);
    expect(await world.db.rows(`select from conversations where name = 'the second'`)).toEqual([]);
  });

  test('bounds additions altogether', async () => {
    await decide({ addedPeoplePerDay: 3 });
    const adder = await world.device('Busy');
    const people = await Promise.all(['W', 'X', 'Y', 'Z'].map(async (name) => (await world.person(name)).id));
    const [id] = await groupsOf(adder, 1);
    expect(await added(adder, id!, people)).toBe('limited');
    expect(await added(adder, id!, people.slice(0, 3))).toBe(people.slice(0, 3).sort().join());
    expect(await added(adder, id!, people.slice(3))).toBe('limited');
  });

  test.each([
    ['of another person', { addedPerPersonPerDay: 5 }],
    ['altogether', { addedPeoplePerDay: 5 }],
  ])('is not passed by adding at the same moment: additions %s', async (name, settings) => {
    await decide(settings);
    const [adder, victim] = [await world.device(`Racer ${name}`), await world.device(`Raced ${name}`)];
    const ids = await groupsOf(adder, 20);
    const answers = await Promise.all(ids.map((id) => added(adder, id, [victim.userId])));
    expect(answers.filter((answer) => answer === victim.userId)).toHaveLength(5);
    expect(answers.filter((answer) => answer === 'limited')).toHaveLength(15);
    expect(
      await world.db.rows('select from members where user_id = $1 and left_at is null', [victim.userId]),
    ).toHaveLength(5);
  });

  test('is that of a day: what was counted yesterday does not count', async () => {
    await decide({ addedPerPersonPerDay: 1, addedPeoplePerDay: 1 });
    const [adder, other] = [await world.device('Early'), await world.device('Late')];
    const ids = await groupsOf(adder, 2);
    expect(await added(adder, ids[0]!, [other.userId])).toBe(other.userId);
    expect(await added(adder, ids[1]!, [other.userId])).toBe('limited');
    for (const table of ['additions', 'addition_days']) await world.db.rows(`update ${table} set day = day - 1`);
    expect(await added(adder, ids[1]!, [other.userId])).toBe(other.userId);
  });

  test('a person who leaves a conversation others added them to cannot read it any more', async () => {
    await decide({});
    const [ada, ben] = [await world.device('Ada'), await world.device('Leaver')];
    const { conversation } = await ada.group('left again', [ben]);
    await ben.call('conversation:leave', { conversationId: conversation.id });
    expect(await ben.tries('history:page', { conversationId: conversation.id })).toBe('not_found');
  });
});

describe('who may create and add', () => {
  const people = { owner: ['owner'], administrator: ['administrator'], member: ['member'], guest: ['guest'] } as const;
  type Name = keyof typeof people;
  const deviceOf = (name: Name) =>
    name === 'guest' ? guestOf('The guest') : world.device(`The ${name}`, { roles: [...people[name]] });

  test.each([
    ['whoCreatesChannels', 'members', 'channel', ['owner', 'administrator', 'member']],
    ['whoCreatesChannels', 'administrators', 'channel', ['owner', 'administrator']],
    ['whoCreatesGroups', 'members', 'group', ['owner', 'administrator', 'member']],
    ['whoCreatesGroups', 'administrators', 'group', ['owner', 'administrator']],
  ] as const)('%s: %s', async (setting, value, kind, allowed) => {
    await decide({ [setting]: value });
    for (const name of Object.keys(people) as Name[]) {
      const device = await deviceOf(name);
      const { creates } = await device.call('session:me', {});
      expect(creates.includes(kind), name).toBe((allowed as readonly string[]).includes(name));
      const code = await device.tries('conversation:create', { clientId: newId(), kind, name: 'new' });
      expect(code, name).toBe((allowed as readonly string[]).includes(name) ? 'ok' : 'forbidden');
    }
  });

  test.each([
    ['everyone', ['owner', 'administrator', 'member', 'guest']],
    ['members', ['owner', 'administrator', 'member']],
    ['leaders', ['leader']],
    ['administrators', ['owner', 'administrator']],
  ] as const)('whoAddsPeople: %s, in a group', async (value, allowed) => {
    await decide({});
    const leader = await world.device('The leader');
    const devices = {
      leader,
      ...Object.fromEntries(
        await Promise.all((Object.keys(people) as Name[]).map(async (name) => [name, await deviceOf(name)] as const)),
      ),
    };
    const { conversation } = await leader.group(
      'many',
      Object.values(devices).filter((device) => device !== leader),
    );
    const shared = await world.device('Shared');
    await leader.group('where all see the one', [
      ...Object.values(devices).filter((device) => device !== leader),
      shared,
    ]);
    await decide({ whoAddsPeople: value, addedPerPersonPerDay: 10_000 });
    for (const [name, device] of Object.entries(devices)) {
      const may =
        (allowed as readonly string[]).includes(name) || (name === 'leader' && ['everyone', 'members'].includes(value));
      expect(await added(device, conversation.id, [shared.userId]), name).toBe(may ? shared.userId : 'forbidden');
      if (may) await leader.call('member:remove', { conversationId: conversation.id, userId: shared.userId });
    }
  });
});
