import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../kernel/ids.ts';
import type { TestClient } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * Other people's conversations, read by whoever may, through the door the console uses.
 */

let world: World;
let amira: Visitor;
let ada: TestClient;
let room: string;
let direct: string;
beforeAll(async () => {
  world = await openWorld();
  await world.person('Olga', { roles: ['owner'] });
  amira = visitor(world.origin);
  await amira.signIn(await world.person('Amira', { roles: ['auditor'] }));
  [ada] = [await world.device('Ada')];
  const ben = await world.person('Ben');
  room = (
    await ada.call('conversation:create', {
      clientId: newId(),
      kind: 'channel',
      name: '50%_plan',
      visibility: 'private',
      memberIds: [ben.id],
    })
  ).conversation.id;
  direct = (await ada.call('conversation:direct', { userId: ben.id })).conversation.id;
  await ada.says(`hush, <@${ben.id}>`, { in: room });
  const gone = await ada.says('never mind this', { in: room });
  await ada.call('message:recall', { conversationId: room, messageId: gone.id });
  for (let i = 3; i <= 7; i++) await ada.says(`line ${i}`, { in: room });
  await ada.says('just us', { in: direct });
});
afterAll(() => world.close());

type Line = {
  action: string;
  actorName: string;
  targetId: string | null;
  targetName: string | null;
  after: Record<string, unknown>;
  reason: string;
};
const lines = (action: string) =>
  world.db.rows<Line>(
    `select action, actor_name as "actorName", target_id as "targetId", target_name as "targetName", after, reason from audit_entries where action = $1 and outcome = 'done' order by id`,
    [action],
  );
type Page = {
  conversationMessages: {
    conversation: { name: string | null; members: { name: string }[] };
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
    edges: { node: { seq: number; body: string; recalledAt: string | null; sender: { name: string } } }[];
  };
};
const reading = (conversationId: string, more: Record<string, unknown> = {}) => ({
  query: `query ($id: ID!, $reason: String!, $first: Int, $after: String) { conversationMessages(conversationId: $id, reason: $reason, first: $first, after: $after) {
    conversation { name members { name } } pageInfo { hasNextPage endCursor } edges { node { seq body recalledAt sender { name } } } } }`,
  variables: { id: conversationId, reason: 'a complaint, case 12', ...more },
});
const read = async (who: Visitor, conversationId: string, more?: Record<string, unknown>) => {
  const { query, variables } = reading(conversationId, more);
  const answer = await who.graphql(query, variables);
  return { ...answer, page: (answer.data as Page | null)?.conversationMessages };
};

test('an auditor reads a conversation they are not in, as its members see it, page by page', async () => {
  const first = await read(amira, room, { first: 4 });
  const page = first.page!;
  expect(page.conversation).toEqual({ name: '50%_plan', members: [{ name: 'Ada' }, { name: 'Ben' }] });
  expect(page.edges.map(({ node }) => [node.seq, node.body])).toEqual([
    [7, 'line 7'],
    [6, 'line 6'],
    [5, 'line 5'],
    [4, 'line 4'],
  ]);
  const rest = await read(amira, room, { first: 4, after: page.pageInfo.endCursor });
  expect(rest.page!.edges.map(({ node }) => [node.seq, node.body])).toEqual([
    [3, 'line 3'],
    [2, ''],
    [1, 'hush, @Ben'],
  ]);
  expect(rest.page!.edges[1]!.node.recalledAt).not.toBeNull();
  expect(rest.page!.pageInfo.hasNextPage).toBe(false);
});

test('each page leaves a line with what was read and why, and no page is read without one', async () => {
  const before = (await lines('conversation.read')).length;
  await read(amira, direct);
  const written = await lines('conversation.read');
  expect(written.slice(before)).toEqual([
    {
      action: 'conversation.read',
      actorName: 'Amira',
      targetId: direct,
      targetName: 'Ada, Ben',
      after: { fromSeq: 1, toSeq: 1, messages: 1 },
      reason: 'a complaint, case 12',
    },
  ]);
  await world.db.rows(
    `create function refuse_reading() returns trigger language plpgsql as $$ begin if new.action = 'conversation.read' then raise exception 'no room'; end if; return new; end $$`,
  );
  await world.db.rows(
    'create trigger refuse_reading before insert on audit_entries for each row execute function refuse_reading()',
  );
  const refused = await read(amira, direct);
  await world.db.rows('drop trigger refuse_reading on audit_entries');
  expect(refused.code).toBe('internal');
  expect(JSON.stringify(refused)).not.toContain('just us');
});

test('a reason is asked for, and a conversation that is not there, or a cursor of another, is said to be so', async () => {
  for (const reason of ['', '   ', 'x'.repeat(1_001), 'nul\0'])
    expect((await read(amira, room, { reason })).code, JSON.stringify(reason.slice(0, 5))).toBe('malformed');
  expect((await read(amira, newId())).code).toBe('not_found');
  const { page } = await read(amira, room, { first: 1 });
  expect((await read(amira, direct, { after: page!.pageInfo.endCursor })).code).toBe('malformed');
  expect((await read(amira, room, { first: 101 })).code).toBe('malformed');
});

test('nobody else reads: not an administrator, an analyst, a member of another conversation; each refusal is audited', async () => {
  for (const [name, roles] of [
    ['Adam', ['administrator', 'member']],
    ['Ana', ['analyst']],
    ['Eve', ['member']],
  ] as const) {
    const who = visitor(world.origin);
    await who.signIn(await world.person(name, { roles: [...roles] }));
    const answer = await read(who, room);
    expect(answer.code).toBe('forbidden');
    expect(JSON.stringify(answer)).not.toMatch(/line \d|plan/);
    expect((await who.graphql('{ conversations { totalCount } }')).code).toBe('forbidden');
    const refused = await world.db.rows<{ action: string }>(
      `select action from audit_entries where outcome = 'refused' and actor_name = $1 order by id`,
      [name],
    );
    expect(refused.map(({ action }) => action).join()).toContain('conversationMessages');
  }
});

test('conversations are found by name, kind and person, the liveliest first; listing them is audited', async () => {
  const found = async (words: string) =>
    (await amira.graphql(`{ conversations(${words}) { edges { node { id } } totalCount } }`)).data![
      'conversations'
    ] as unknown as { edges: { node: { id: string } }[]; totalCount: number };
  expect((await found('first: 10')).edges.map(({ node }) => node.id)).toEqual([direct, room]);
  expect(await found('query: "50%_P"')).toEqual({ edges: [{ node: { id: room } }], totalCount: 1 });
  expect((await found('query: "5___plan"')).totalCount).toBe(0);
  expect((await found('kind: "direct"')).edges).toEqual([{ node: { id: direct } }]);
  expect((await found(`userId: "${(await world.person('Ben')).id}"`)).totalCount).toBe(2);
  expect((await found(`userId: "${(await world.person('Amira')).id}"`)).totalCount).toBe(0);
  expect((await amira.graphql('{ conversations(kind: "secret") { totalCount } }')).code).toBe('malformed');
  expect((await lines('conversation.listed')).at(-1)).toMatchObject({ actorName: 'Amira', after: { shown: 0 } });
});
