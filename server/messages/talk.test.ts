import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Summary } from '@parley/protocol/conversations.ts';
import { newId } from '../kernel/ids.ts';
import { writeBursts } from '../kernel/refusals.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;
let eve: TestClient;
let general: Summary;
let id: string;

beforeAll(async () => {
  world = await openWorld();
  [ada, ben, eve] = (await Promise.all(['Ada', 'Ben', 'Eve'].map((name) => world.device(name)))) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  general = await ada.group('General', [ben]);
  id = general.conversation.id;
});
afterAll(() => world.close());

const page = async (who: TestClient, more = {}) => {
  const answer = await who.call('history:page', { conversationId: id, ...more });
  if ('unchanged' in answer) throw new Error('unchanged');
  return answer;
};

test('what one says the other hears, in order, with its numbers', async () => {
  const first = await ada.says('hello', { in: general });
  const second = await ben.says('你好 👋', { in: general });
  await until(() => ben.heard(id).length >= 2 && ada.heard(id).length >= 2);
  expect(ben.heard(id)).toEqual(['hello', '你好 👋']);
  expect(second.seq).toBe(first.seq + 1);
  expect((await page(ada)).messages.map((m) => m.body)).toEqual(['hello', '你好 👋']);
});

test('a message sent twice is stored once, answered alike, and announced once', async () => {
  const clientId = newId();
  const before = ben.heard(id).length;
  const answers = await Promise.all(Array.from({ length: 5 }, () => ada.says('only once', { in: general, clientId })));
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
  await ada.says('after it', { in: general });
  await until(() => ben.heard(id).includes('after it'));
  expect(ben.heard(id).slice(before)).toEqual(['only once', 'after it']);
});

test('the same clientId with other words is a conflict, said so', async () => {
  const clientId = newId();
  await ada.says('first words', { in: general, clientId });
  expect(await ada.tries('message:send', { conversationId: id, clientId, body: 'other words' })).toBe('conflict');
});

test('numbers have no holes, whatever was refused or repeated in between', async () => {
  const clientIds = Array.from({ length: 30 }, () => newId());
  await Promise.all([
    ...clientIds.map((clientId) => ada.says('one of thirty', { in: general, clientId })),
    ...clientIds.map((clientId) => ada.says('one of thirty', { in: general, clientId })),
    ...Array.from({ length: 10 }, () =>
      eve.tries('message:send', { conversationId: id, clientId: newId(), body: 'let me in' }),
    ),
  ]);
  const [row] = await world.db.rows<{ count: number; max: number; last: number; lines: number; lastLine: number }>(
    `select count(*), max(m.seq), c.last_seq as last, count(m.line) as lines, c.last_line as "lastLine" from messages m join conversations c on c.id = m.conversation_id where c.id = $1 group by c.id`,
    [id],
  );
  expect(row!.count).toBe(row!.max);
  expect(row!.max).toBe(row!.last);
  expect(row!.lines).toBe(row!.lastLine);
});

describe('somebody outside', () => {
  test('can neither send, read, sync, edit nor mark, and cannot tell the conversation from one that does not exist', async () => {
    const { id: messageId } = await ada.says('private', { in: general });
    const nowhere = newId();
    for (const conversationId of [id, nowhere]) {
      expect(await eve.tries('message:send', { conversationId, clientId: newId(), body: 'x' })).toBe('not_found');
      expect(await eve.tries('history:page', { conversationId })).toBe('not_found');
      expect(await eve.tries('sync:conversation', { conversationId, since: 0 })).toBe('not_found');
      expect(await eve.tries('conversation:open', { conversationId })).toBe('not_found');
      expect(await eve.tries('message:edit', { conversationId, messageId, body: 'mine now' })).toBe('not_found');
      expect(await eve.tries('message:recall', { conversationId, messageId })).toBe('not_found');
      expect(await eve.tries('read:mark', { conversationId, line: 1 })).toBe('not_found');
      expect(await eve.tries('member:add', { conversationId, userIds: [eve.userId] })).toBe('not_found');
      expect(await eve.tries('conversation:join', { conversationId })).toBe('not_found');
      expect(await eve.tries('member:list', { conversationId })).toBe('not_found');
      expect(await eve.tries('topic:list', { conversationId })).toBe('not_found');
    }
    expect(eve.changes).toEqual([]);
  });

  test('a removed member hears nothing more, cannot send, and is told', async () => {
    const cleo = await world.device('Cleo');
    await ada.call('member:add', { conversationId: id, userIds: [cleo.userId] });
    await until(() => cleo.mine.some((event) => event.kind === 'joined'));
    await ben.says('welcome', { in: general });
    await until(() => cleo.heard(id).includes('welcome'));
    await ada.call('member:remove', { conversationId: id, userId: cleo.userId });
    await until(() => cleo.mine.some((event) => event.kind === 'left'));
    await ada.says('behind her back', { in: general });
    await until(() => ben.heard(id).includes('behind her back'));
    expect(await cleo.tries('message:send', { conversationId: id, clientId: newId(), body: 'hm' })).toBe('not_found');
    expect(cleo.heard(id)).not.toContain('behind her back');
    cleo.close();
    await cleo.connect();
    await ada.says('still behind', { in: general });
    await until(() => ben.heard(id).includes('still behind'));
    expect(cleo.heard(id)).not.toContain('still behind');
    expect(await cleo.tries('history:page', { conversationId: id })).toBe('not_found');
  });

  test('nothing is stored for somebody who is being removed at the same moment', async () => {
    const dora = await world.device('Dora');
    for (let round = 0; round < 8; round++) {
      await ada.call('member:add', { conversationId: id, userIds: [dora.userId] });
      const [, ...sends] = await Promise.all([
        ada.call('member:remove', { conversationId: id, userId: dora.userId }),
        ...Array.from({ length: 10 }, (_, i) =>
          dora.tries('message:send', { conversationId: id, clientId: newId(), body: `race ${round} ${i}` }),
        ),
      ]);
      expect(sends.every((code) => code === 'ok' || code === 'not_found')).toBe(true);
      const [late] = await world.db.rows<{ count: number }>(
        `select count(*) from messages m join members r on r.conversation_id = m.conversation_id and r.user_id = m.sender_id where m.conversation_id = $1 and m.sender_id = $2 and m.rev > r.rev`,
        [id, dora.userId],
      );
      expect(late!.count, 'messages numbered after the removal').toBe(0);
    }
  });
});

test('an act that holds a conversation delays its messages and nobody else’s', async () => {
  const other = await ada.group('Elsewhere', [ben]);
  const client = await world.db.client('holds the row');
  await client.query('begin');
  await client.query('select 1 from conversations where id = $1 for update', [id]);
  let done = false;
  const waiting = ada.says('waits for the act', { in: general }).then(() => (done = true));
  for (let i = 0; i < 20; i++) await ada.says(`meanwhile ${i}`, { in: other });
  expect(done).toBe(false);
  await client.query('commit');
  await waiting;
  await client.end();
});

describe('threads', () => {
  test('answers stand below their root and off the main line; the root counts them; its author follows', async () => {
    const root = await ada.says('who brings cake?', { in: general });
    const before = (await ben.call('conversation:open', { conversationId: id })).lastLine;
    const answer = await ben.says('me', { in: general, threadId: root.id });
    await ben.says('and tea', { in: general, threadId: root.id });
    expect(answer.line).toBeNull();
    const opened = await ada.call('conversation:open', { conversationId: id });
    expect(opened.lastLine).toBe(before);
    expect(opened.mine!.threads).toEqual([{ threadId: root.id, answers: 2, read: 0, unread: 2, mentions: 0 }]);
    expect((await page(ada, { threadId: root.id })).messages.map((m) => m.body)).toEqual([
      'who brings cake?',
      'me',
      'and tea',
    ]);
    expect((await page(ada)).messages.at(-1)).toMatchObject({ id: root.id, answers: 2 });
    await until(() =>
      ada.changes.some(
        ({ change }) => change.kind === 'answers' && change.threadId === root.id && change.answers === 2,
      ),
    );
    expect(await ada.call('thread:mark', { conversationId: id, threadId: root.id, answers: 9 })).toEqual({ read: 2 });
  });

  test('an answer to a message of another conversation, or to an answer, is refused', async () => {
    const other = await ada.group('Other', [ben]);
    const root = await ada.says('over here', { in: other });
    expect(
      await ada.tries('message:send', { conversationId: id, clientId: newId(), body: 'x', threadId: root.id }),
    ).toBe('not_found');
    const answer = await ada.says('answer', { in: other, threadId: root.id });
    expect(
      await ada.tries('message:send', {
        conversationId: other.conversation.id,
        clientId: newId(),
        body: 'x',
        threadId: answer.id,
      }),
    ).toBe('not_found');
  });

  test('with topics everything is on the main line, under a title, and can be narrowed to it', async () => {
    const topics = await ada.group('Planning', [ben], { threading: 'topics' });
    const root = await ada.says('Where do we meet?', { in: topics, title: 'Offsite' });
    await ben.says('By the lake', { in: topics, threadId: root.id });
    await ben.says('Unrelated', { in: topics });
    const conversationId = topics.conversation.id;
    expect((await ada.call('conversation:open', { conversationId })).lastLine).toBe(3);
    expect((await ada.call('topic:list', { conversationId })).topics).toMatchObject([{ title: 'Offsite', answers: 1 }]);
    const narrowed = await ada.call('history:page', { conversationId, threadId: root.id });
    expect('messages' in narrowed && narrowed.messages.map((m) => m.body)).toEqual([
      'Where do we meet?',
      'By the lake',
    ]);
    expect(
      await ada.tries('message:send', { conversationId: id, clientId: newId(), body: 'x', title: 'No topics here' }),
    ).toBe('malformed');
  });

  test('a topic keeps its place while others’ answers stand under it, whatever becomes of its root', async () => {
    const topics = await ada.group('Plans', [ben], { threading: 'topics' });
    const conversationId = topics.conversation.id;
    const root = await ada.says('Where do we meet?', { in: topics, title: 'Offsite' });
    await ben.says('By the lake', { in: topics, threadId: root.id });
    const lonely = await ada.says('Nobody answers', { in: topics, title: 'Lonely' });
    for (const { id: messageId } of [root, lonely]) await ada.call('message:recall', { conversationId, messageId });
    expect((await ada.call('topic:list', { conversationId })).topics).toMatchObject([{ title: 'Offsite', answers: 1 }]);
  });
});

describe('unread', () => {
  test('counts what others said since, the same on every device; marks never go back; sending reads', async () => {
    const room = await ada.group('Unread', [ben]);
    const conversationId = room.conversation.id;
    const phone = await world.device('Ben');
    for (const body of ['one', 'two', `three <@${ben.userId}>`]) await ada.says(body, { in: room });
    const unread = async (who: TestClient) => {
      const summary = await who.call('conversation:open', { conversationId });
      return [summary.mine!.unread, summary.mine!.mentions];
    };
    expect(await unread(ben)).toEqual([3, 1]);
    expect(await unread(ada)).toEqual([0, 0]);
    await ben.call('read:mark', { conversationId, line: 2 });
    await until(() =>
      phone.mine.some((event) => event.kind === 'mine' && event.mine.readLine === 2 && event.mine.mentions === 1),
    );
    expect(await unread(phone)).toEqual([1, 1]);
    expect(await ben.call('read:mark', { conversationId, line: 1 })).toMatchObject({
      readLine: 2,
      unread: 1,
      mentions: 1,
    });
    expect(await ben.call('read:mark', { conversationId, line: 99 })).toMatchObject({
      readLine: 3,
      unread: 0,
      mentions: 0,
    });
    await ada.says('four', { in: room });
    await ben.says('five', { in: room });
    expect(await unread(ben)).toEqual([0, 0]);
    expect(await unread(ada)).toEqual([1, 0]);
  });
});

describe('edit and recall', () => {
  test('words change, numbers stay; others hear it; only the sender may', async () => {
    const sent = await ada.says('teh words', { in: general });
    await ada.call('message:edit', { conversationId: id, messageId: sent.id, body: 'the words' });
    await until(() =>
      ben.changes.some(
        ({ change }) =>
          change.kind === 'message' && change.message.body === 'the words' && change.message.seq === sent.seq,
      ),
    );
    expect(await ben.tries('message:edit', { conversationId: id, messageId: sent.id, body: 'his words' })).toBe(
      'forbidden',
    );
    const refusals = await world.db.rows(
      'select 1 from audit_entries where actor_id = $1 and action = $2 and outcome = $3',
      [ben.userId, 'message:edit', 'refused'],
    );
    expect(refusals.length).toBeGreaterThan(0);
  });

  test('a recalled message loses its body everywhere and keeps its place', async () => {
    const sent = await ada.says('forget this secret', { in: general });
    expect(await ben.tries('message:recall', { conversationId: id, messageId: sent.id })).toBe('forbidden');
    await ada.call('message:recall', { conversationId: id, messageId: sent.id });
    const found = (await page(ben, { around: sent.seq })).messages.find((m) => m.id === sent.id)!;
    expect(found).toMatchObject({ body: '', seq: sent.seq });
    expect(found.recalledAt).not.toBeNull();
    const caught = await ben.call('sync:conversation', { conversationId: id, since: sent.rev - 1 });
    expect(JSON.stringify(caught)).not.toContain('forget this secret');
    expect(await ada.tries('message:edit', { conversationId: id, messageId: sent.id, body: 'back' })).toBe('conflict');
  });
});

test('history pages join without gap or overlap, from either end and around any place', async () => {
  const room = await ada.group('Long', [ben]);
  const conversationId = room.conversation.id;
  for (let i = 1; i <= 120; i++) await ada.says(`n${i}`, { in: room });
  const all: number[] = [];
  let before: number | undefined;
  for (;;) {
    const got = await ada.call('history:page', { conversationId, limit: 17, ...(before ? { before } : {}) });
    if (!('messages' in got)) throw new Error('unchanged');
    all.unshift(...got.messages.map((m) => m.seq));
    if (!got.older) break;
    before = got.messages[0]!.seq;
  }
  expect(all).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  const around = await ada.call('history:page', { conversationId, around: 60, limit: 11 });
  expect('messages' in around && around.messages.map((m) => m.seq)).toEqual([
    55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65,
  ]);
  const head = 'messages' in around ? around.head : 0;
  expect(await ada.call('history:page', { conversationId, head })).toEqual({ unchanged: true });
  const after = await ada.call('history:page', { conversationId, after: 118 });
  expect('messages' in after && [after.messages.length, after.older, after.newer]).toEqual([2, true, false]);
});

test('a page says whether there is more on either side, in a room and in a thread', async () => {
  const room = await ada.group('More', [ben]);
  const conversationId = room.conversation.id;
  const root = await ada.says('root', { in: room });
  const line: number[] = [root.seq];
  const thread: number[] = [root.seq];
  for (let n = 1; n <= 7; n++) {
    line.push((await ada.says(`line ${n}`, { in: room })).seq);
    thread.push((await ben.says(`answer ${n}`, { in: room, threadId: root.id })).seq);
  }
  await ben.call('message:recall', { conversationId, messageId: (await ben.says('gone', { in: room })).id });
  line.push(line.at(-1)! + 2);
  for (const [all, scope] of [
    [line, {}],
    [thread, { threadId: root.id }],
  ] as const)
    for (let at = 1; at <= all.at(-1)! + 1; at++)
      for (const way of ['before', 'after', 'around']) {
        const got = await ada.call('history:page', { conversationId, ...scope, [way]: at, limit: 3 });
        if (!('messages' in got)) throw new Error('unchanged');
        const seqs = got.messages.map(({ seq }) => seq);
        expect(all, `${way} ${at}`).toEqual(expect.arrayContaining(seqs));
        const isMore = (side: (seq: number) => boolean) => seqs.length > 0 && all.some(side);
        expect({ way, at, older: got.older, newer: got.newer }).toEqual({
          way,
          at,
          older: isMore((seq) => seq < seqs[0]!),
          newer: isMore((seq) => seq > seqs.at(-1)!),
        });
      }
});

test('sync:start tells what moved since the cursors and nothing else', async () => {
  const started = await ben.call('sync:start', {});
  const heads = Object.fromEntries(started.changed.map((summary) => [summary.conversation.id, summary.head]));
  const quiet = await ben.call('sync:start', { cursor: started.head, heads });
  expect(quiet.changed).toEqual([]);
  await ada.says('something moved', { in: general });
  const moved = await ben.call('sync:start', { cursor: started.head, heads });
  expect(moved.changed.map((summary) => summary.conversation.id)).toEqual([id]);
  expect(moved.changed[0]!.last!.body).toBe('something moved');
});

test('catch-up by rev, page by page, gives every change once and ends at the head', async () => {
  const seen = new Map<number, string>();
  let since = 0;
  for (;;) {
    const { changes, next, head } = await ben.call('sync:conversation', { conversationId: id, since, limit: 7 });
    for (const change of changes) {
      expect(seen.has(change.rev), `rev ${change.rev} once`).toBe(false);
      seen.set(change.rev, change.kind);
    }
    since = next;
    if (next === head) break;
  }
  const [row] = await world.db.rows<{ count: number }>(
    'select (select count(*) from messages where conversation_id = $1) + (select count(*) from members where conversation_id = $1) + (select (rev > 0)::int from conversations where id = $1) as count',
    [id],
  );
  expect(seen.size).toBe(row!.count);
});

test('refusals hammered at a door are audited as one line at once and one with their count', async () => {
  const sent = await ada.says('not yours', { in: general });
  const tried = 25;
  for (let i = 0; i < tried; i++) await ben.tries('message:recall', { conversationId: id, messageId: sent.id });
  await writeBursts(world.app.house, true);
  const [row] = await world.db.rows<{ lines: number; refusals: number }>(
    `select count(*) as lines, sum(count) as refusals from audit_entries where actor_id = $1 and action = 'message:recall' and outcome = 'refused' and reason like 'Only the sender%'`,
    [ben.userId],
  );
  expect(row!.refusals).toBe(tried + 1);
  expect(row!.lines).toBeLessThanOrEqual(6);
});
