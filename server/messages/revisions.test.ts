import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Summary } from '@parley/protocol/conversations.ts';
import { mostRevisions } from '@parley/protocol/revisions.ts';
import { newId } from '../kernel/ids.ts';
import { until, type TestClient } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { revisionJobs } from './revisions-task.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;
let eve: TestClient;
let olga: Visitor;
let general: Summary;
let id: string;

beforeAll(async () => {
  world = await openWorld();
  [ada, ben, eve] = (await Promise.all(['Ada', 'Ben', 'Eve'].map((name) => world.device(name)))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner'] }));
  general = await ada.group('General', [ben]);
  id = general.conversation.id;
});
afterAll(() => world.close());

const edit = (who: TestClient, messageId: string, body: string) =>
  who.call('message:edit', { conversationId: id, messageId, body });
const recall = (who: TestClient, messageId: string) => who.call('message:recall', { conversationId: id, messageId });
const revisions = (who: TestClient, messageId: string, more = {}) =>
  who.call('message:revisions', { conversationId: id, messageId, ...more });
const set = async (name: string, value: string) =>
  expect((await olga.act('changeSetting', { name, value })).code).toBeUndefined();
const stored = async (messageId: string) =>
  (
    await world.db.rows<{ body: string; endedBy: string }>(
      'select body, ended_by as "endedBy" from revisions where message_id = $1 order by number',
      [messageId],
    )
  ).map(({ body, endedBy }) => [body, endedBy]);

test('an edit keeps the former text, when it was written, and when and who replaced it', async () => {
  const sent = await ada.says(`first, <@${ben.userId}>`, { in: general });
  await edit(ada, sent.id, 'second');
  await edit(ada, sent.id, 'third');
  const { revisions: found, next } = await revisions(ben, sent.id);
  expect(found.map(({ number, body, mentions }) => ({ number, body, mentions }))).toEqual([
    { number: 2, body: 'second', mentions: [] },
    { number: 1, body: `first, <@${ben.userId}>`, mentions: [ben.userId] },
  ]);
  expect(next).toBeNull();
  expect(found[1]!.at).toBe(sent.at);
  expect(found[0]!.at).toBe(found[1]!.replacedAt);
  expect(found[0]!.replacedAt).toBeGreaterThanOrEqual(found[0]!.at);
  expect(found.map(({ replacedBy }) => replacedBy)).toEqual([ada.userId, ada.userId]);
});

test('an edit to the same text keeps no revision', async () => {
  const { id: messageId } = await ada.says('unchanged', { in: general });
  await edit(ada, messageId, 'unchanged');
  expect((await revisions(ada, messageId)).revisions).toEqual([]);
});

test('of concurrent edits every text is kept once, in order', async () => {
  const { id: messageId } = await ada.says('text 0', { in: general });
  const texts = Array.from({ length: 24 }, (_, n) => `text ${n + 1}`);
  await Promise.all(texts.map((text) => edit(ada, messageId, text)));
  const [{ body } = { body: '' }] = await world.db.rows<{ body: string }>('select body from messages where id = $1', [
    messageId,
  ]);
  const kept = (await stored(messageId)).map(([text]) => text);
  expect(kept[0]).toBe('text 0');
  expect(kept).toHaveLength(texts.length);
  expect(new Set([...kept, body])).toEqual(new Set(['text 0', ...texts]));
});

test('revisions come in pages of at most 20, the latest first', async () => {
  const { id: messageId } = await ada.says('0', { in: general });
  for (let n = 1; n <= mostRevisions + 3; n++) await edit(ada, messageId, String(n));
  const first = await revisions(ben, messageId);
  expect(first.revisions.map(({ body }) => Number(body))).toEqual(
    Array.from({ length: mostRevisions }, (_, n) => mostRevisions + 2 - n),
  );
  const second = await revisions(ben, messageId, { before: first.next });
  expect(second.revisions.map(({ body }) => body)).toEqual(['2', '1', '0']);
  expect(second.next).toBeNull();
  const tried = { conversationId: id, messageId, limit: mostRevisions + 1 };
  expect(await ben.tries('message:revisions', tried)).toBe('malformed');
});

test('non-members find no revisions, also by way of another conversation', async () => {
  const { id: messageId } = await ada.says('inside', { in: general });
  await edit(ada, messageId, 'inside still');
  const own = await eve.group('Eve’s', []);
  const nowhere = newId();
  for (const conversationId of [id, own.conversation.id, nowhere])
    expect(await eve.tries('message:revisions', { conversationId, messageId })).toBe('not_found');
  expect(await ada.tries('message:revisions', { conversationId: id, messageId: nowhere })).toBe('not_found');

  const town = await ada.call('conversation:create', {
    clientId: newId(),
    kind: 'channel',
    name: 'Town',
    visibility: 'public',
    memberIds: [ben.userId],
  });
  const there = { conversationId: town.conversation.id, messageId: (await ada.says('draft', { in: town })).id };
  await ada.call('message:edit', { ...there, body: 'final' });
  expect(await eve.tries('message:revisions', there)).toBe('not_found');
  expect(await ben.tries('message:revisions', there)).toBe('ok');
  await ben.call('conversation:leave', { conversationId: there.conversationId });
  expect(await ben.tries('message:revisions', there)).toBe('not_found');
});

test('the organisation decides who reads revisions, and every device is told', async () => {
  const { id: messageId } = await ada.says('before the policy', { in: general });
  await edit(ada, messageId, 'after it');
  const codes = async () => [
    await ada.tries('message:revisions', { conversationId: id, messageId }),
    await ben.tries('message:revisions', { conversationId: id, messageId }),
    (await ben.call('session:me', {})).readRevisions,
  ];
  expect(await codes()).toEqual(['ok', 'ok', 'members']);
  await set('readRevisions', 'sender');
  expect(await codes()).toEqual(['ok', 'forbidden', 'sender']);
  await set('readRevisions', 'none');
  expect(await codes()).toEqual(['forbidden', 'forbidden', 'none']);
  expect((await ben.call('sync:start', {})).me.readRevisions).toBe('none');
  await set('readRevisions', 'members');
  expect((await olga.act('changeSetting', { name: 'readRevisions', value: 'everyone' })).code).toBe('malformed');
});

describe('a recalled message', () => {
  const word = 'xylophonist';

  /** Every text of every table that holds the word, as `table`. */
  async function tablesWith(text: string): Promise<string[]> {
    const tables = await world.db.rows<{ name: string }>(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('public', 'graphile_worker') order by 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await world.db.rows(`select from ${name} t where t::text ilike '%' || $1 || '%' limit 1`, [text]);
      if (rows.length > 0) found.push(name.replace('public.', ''));
    }
    return found;
  }

  test('holds no text: in the whole database only the revisions do', async () => {
    const sent = await ada.says(`a ${word} called <@${ben.userId}>`, { in: general });
    await edit(ada, sent.id, `the ${word} called, <@${ben.userId}>`);
    await until(async () => (await tablesWith(word)).includes('search_entries'), 'the search index');
    await recall(ada, sent.id);
    const [row] = await world.db.rows('select body, mentions from messages where id = $1', [sent.id]);
    expect(row).toEqual({ body: '', mentions: [] });
    await until(async () => !(await tablesWith(word)).includes('search_entries'), 'the search index to forget it');
    expect(await tablesWith(word)).toEqual(['revisions']);
    expect(await stored(sent.id)).toEqual([
      [`a ${word} called <@${ben.userId}>`, 'edit'],
      [`the ${word} called, <@${ben.userId}>`, 'recall'],
    ]);
  });

  test('a recalled text shows at no door, not to its sender, members, auditor or owner', async () => {
    const word2 = 'glockenspiel';
    const thread = await ada.says('a thread', { in: general });
    const sent = await ada.says(word2, { in: general });
    const answer = await ada.says(`${word2} again`, { in: general, threadId: thread.id });
    await ada.call('pin:add', { conversationId: id, messageId: sent.id });
    for (const { id: messageId } of [sent, answer]) await recall(ada, messageId);
    const recalls = () =>
      ben.changes.filter(({ change }) => change.kind === 'message' && change.message.recalledAt !== null).slice(-2);
    await until(() => JSON.stringify(recalls()).includes(answer.id), 'the recalls to be heard');
    const said: unknown[] = [recalls()];
    for (const who of [ada, ben]) {
      for (const messageId of [sent.id, answer.id])
        expect(await who.tries('message:revisions', { conversationId: id, messageId })).toBe('conflict');
      said.push(
        await who.raw('sync:start', {}),
        await who.raw('sync:conversation', { conversationId: id, since: 0, limit: 500 }),
        await who.raw('history:page', { conversationId: id, limit: 100 }),
        await who.raw('history:page', { conversationId: id, threadId: thread.id }),
        await who.raw('conversation:open', { conversationId: id }),
        await who.raw('pin:list', { conversationId: id }),
        await who.raw('topic:list', { conversationId: id }),
      );
      await until(async () => {
        const { hits } = await who.call('message:search', { query: word2 });
        return hits.length === 0;
      }, 'search to forget it');
    }
    const amira = visitor(world.origin);
    await amira.signIn(await world.person('Amira', { roles: ['auditor'] }));
    const reading = `{ conversationMessages(conversationId: "${id}", reason: "a complaint", first: 100) { edges { node { seq title body } } } }`;
    for (const who of [amira, olga]) {
      const reply = await who.graphql(reading);
      expect(reply.errors).toEqual([]);
      said.push(reply, await who.graphql('{ conversations(first: 50) { edges { node { name purpose } } } }'));
    }
    expect(said.length).toBeGreaterThan(15);
    const text = JSON.stringify(said);
    expect([text.includes(sent.id), text.includes(answer.id), text.includes(word2)]).toEqual([true, true, false]);
  });

  test('is still found by its clientId: a repeated send is answered with the first row', async () => {
    const clientId = newId();
    const sent = await ada.says('sent once', { in: general, clientId });
    await recall(ada, sent.id);
    const again = await ada.says('sent once', { in: general, clientId });
    expect([again.id, again.seq]).toEqual([sent.id, sent.seq]);
    expect(await ada.tries('message:recall', { conversationId: id, messageId: sent.id })).toBe('ok');
    expect(await stored(sent.id)).toEqual([['sent once', 'recall']]);
  });

  test('a recall by another person is audited without the text; a sender’s own is not', async () => {
    const entries = () =>
      world.db.rows<{ actor: string; target: string; after: Record<string, unknown>; text: string }>(
        `select actor_name as actor, target_name as target, after, e::text as text from audit_entries e where action = 'message.recalled'`,
      );
    const [mine, another] = [
      await ada.says('my own folly', { in: general }),
      await ben.says('another folly', { in: general }),
    ];
    const before = (await entries()).length;
    await recall(ada, mine.id);
    expect(await entries()).toHaveLength(before);
    await recall(ada, another.id);
    const added = (await entries()).slice(before);
    expect(added).toEqual([
      expect.objectContaining({
        actor: 'Ada',
        target: 'Ben',
        after: { senderId: ben.userId, conversationId: id, conversation: 'General', seq: another.seq },
      }),
    ]);
    expect(added[0]!.text).not.toContain('folly');
  });
});

describe('an organisation that keeps no revisions', () => {
  beforeEach(async () => {
    await set('keepRevisions', 'all');
    return () => set('keepRevisions', 'all');
  });
  type Task = { state: string; result: { deleted: number } | null };
  const tasks = () =>
    world.db.rows<Task>(`select state, result from tasks where kind = 'revisions-delete' order by made_at`);
  const count = async () => (await world.db.rows<{ n: number }>('select count(*)::int as n from revisions'))[0]!.n;

  /** Decides that none are kept, and waits for the deletion that begins; answers what became of it. */
  async function keepNone(): Promise<Task> {
    const ended = (await tasks()).length;
    await set('keepRevisions', 'none');
    await until(async () => (await tasks())[ended]?.state === 'done', 'the task');
    return (await tasks())[ended]!;
  }

  test('a preview deletes nothing; applying it deletes all, as a task, in batches', async () => {
    const { id: messageId } = await ada.says('kept for now', { in: general });
    await edit(ada, messageId, 'edited');
    await world.db.rows(
      `insert into revisions select $1, n, 'x', '{}', now(), now(), null, 'edit' from generate_series(100, 2700) n`,
      [messageId],
    );
    const before = await count();
    const ended = (await tasks()).length;
    const planned = await olga.askAct('changeSetting', { name: 'keepRevisions', value: 'none' });
    expect(planned.counts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ table: 'settings' }),
        { table: 'tasks', op: 'insert', count: 1 },
      ]),
    );
    expect(await count()).toBe(before);
    expect(await tasks()).toHaveLength(ended);
    expect((await keepNone()).result).toEqual({ deleted: before });
    expect(await count()).toBe(0);
    expect((await revisions(ada, messageId)).revisions).toEqual([]);
  });

  test('a deletion resumed after revisions are to be kept again deletes none', async () => {
    const { id: messageId } = await ada.says('kept after all', { in: general });
    await edit(ada, messageId, 'edited');
    const before = await count();
    const taskId = newId();
    await world.db.rows(
      `insert into tasks (id, kind, name, by_name) values ($1, 'revisions-delete', 'revisions', 'Olga')`,
      [taskId],
    );
    await revisionJobs(world.app.house)['revisions-delete']!({ taskId });
    expect(await count()).toBe(before);
    expect((await tasks()).at(-1)).toEqual({ state: 'stopped', result: { deleted: 0 } });
  });

  test('edits and recalls keep nothing from then on, and the recalled text is nowhere', async () => {
    await keepNone();
    const [edited, recalled] = [
      await ada.says('first words', { in: general }),
      await ada.says('taken back', { in: general }),
    ];
    await edit(ada, edited.id, 'other words');
    await recall(ada, recalled.id);
    expect(await count()).toBe(0);
    expect(await world.db.rows('select body from messages where id = $1', [recalled.id])).toEqual([{ body: '' }]);
    await set('keepRevisions', 'all');
    await edit(ada, edited.id, 'kept again');
    expect(await stored(edited.id)).toEqual([['other words', 'edit']]);
  });

  test('edits at the same moment as the decision leave no revision behind', async () => {
    const sent = await Promise.all(Array.from({ length: 6 }, (_, n) => ada.says(`racing ${n}`, { in: general })));
    let deciding = true;
    const editing = sent.map(async ({ id: messageId }) => {
      for (let n = 0; deciding; n++) await edit(ada, messageId, `racing on ${n}`);
    });
    await until(async () => (await count()) > 20, 'some revisions');
    await keepNone();
    deciding = false;
    await Promise.all(editing);
    expect(await count()).toBe(0);
  });
});
