import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let ben: TestClient;

beforeAll(async () => {
  world = await openWorld();
  ada = await world.device('Ada');
  ben = await world.device('Ben');
});
afterAll(() => world.close());

/** Who has read a line, in the order of reading: the first mark at or past it. */
const readersOf = (conversationId: string, line: number) =>
  world.db.rows<{ name: string; line: number }>(
    `select u.name, first.line from members m join users u on u.id = m.user_id cross join lateral (
       select r.line, r.at from read_marks r where r.user_id = m.user_id and r.conversation_id = m.conversation_id and r.line >= $2
       order by r.minute limit 1) first
     where m.conversation_id = $1 order by first.at`,
    [conversationId, line],
  );
const marksOf = (conversationId: string, { userId }: TestClient) =>
  world.db.rows<{ line: number }>(
    'select line from read_marks where conversation_id = $1 and user_id = $2 order by minute',
    [conversationId, userId],
  );
/** As if everything so far had been marked an hour earlier. */
const anHourPasses = () =>
  world.db.rows(`update read_marks set minute = minute - interval '1 hour', at = at - interval '1 hour'`);

describe('read marks', () => {
  it('a mark that moved is kept with its minute and tells who has read a line', async () => {
    const group = await ada.group('Receipts', [ben]);
    const { id } = group.conversation;
    for (const body of ['one', 'two', 'three']) await ada.says(body, { in: group });
    await ben.call('read:mark', { conversationId: id, line: 1 });
    await anHourPasses();
    await ben.call('read:mark', { conversationId: id, line: 2 });
    await ben.call('read:mark', { conversationId: id, line: 3 });

    expect(await marksOf(id, ben)).toEqual([{ line: 1 }, { line: 3 }]);
    expect((await readersOf(id, 1)).map(({ name }) => name)).toContain('Ben');
    expect(await readersOf(id, 2)).toEqual([
      { name: 'Ada', line: 3 },
      { name: 'Ben', line: 3 },
    ]);
  });

  it('a mark that does not move, or moves back, leaves no row and tells no device', async () => {
    const group = await ada.group('Still', [ben]);
    const { id } = group.conversation;
    for (const body of ['one', 'two']) await ada.says(body, { in: group });
    await ben.call('read:mark', { conversationId: id, line: 2 });
    await anHourPasses();
    const [before] = await world.db.rows<{ head: number }>('select head from users where id = $1', [ben.userId]);
    const told = ben.mine.length;

    expect(await ben.call('read:mark', { conversationId: id, line: 2 })).toMatchObject({ readLine: 2 });
    expect(await ben.call('read:mark', { conversationId: id, line: 1 })).toMatchObject({ readLine: 2 });
    expect(await ben.call('read:mark', { conversationId: id, line: 999 })).toMatchObject({ readLine: 2 });

    expect(await marksOf(id, ben)).toEqual([{ line: 2 }]);
    const [after] = await world.db.rows<{ head: number }>('select head from users where id = $1', [ben.userId]);
    expect(after).toEqual(before);
    expect(ben.mine.length).toBe(told);
  });

  it('sending moves the sender’s own mark, which is kept too', async () => {
    const group = await ada.group('Sending', [ben]);
    await ada.says('one', { in: group });
    await ben.says('two', { in: group });
    expect(await marksOf(group.conversation.id, ben)).toEqual([{ line: 2 }]);
  });

  it('one person’s marks on many devices at once end at the furthest line', async () => {
    const group = await ada.group('Devices', [ben]);
    const { id } = group.conversation;
    for (let n = 1; n <= 20; n++) await ada.says(`line ${n}`, { in: group });
    const [before] = await world.db.rows<{ head: number }>('select head from users where id = $1', [ben.userId]);
    const heard = ben.mine.length;
    const lines = Array.from({ length: 20 }, (_, n) => ((n * 7) % 20) + 1);
    const answers = await Promise.all(lines.map((line) => ben.call('read:mark', { conversationId: id, line })));
    answers.forEach(({ readLine }, at) => expect(readLine).toBeGreaterThanOrEqual(lines[at]!));

    const [member] = await world.db.rows<{ line: number; urev: number; head: number }>(
      `select m.read_line as line, m.urev, u.head from members m join users u on u.id = m.user_id where m.conversation_id = $1 and m.user_id = $2`,
      [id, ben.userId],
    );
    expect(member).toMatchObject({ line: 20, urev: member!.head });
    // Each move is one step of the person's own stream, and each step is told.
    await until(() => ben.mine.length - heard === member!.head - before!.head);
    expect(await marksOf(id, ben)).toEqual([{ line: 20 }]);
  });

  it('a person who was taken out, or never was a member, cannot mark', async () => {
    const eve = await world.device('Eve');
    const group = await ada.group('Closed', [ben]);
    const { id } = group.conversation;
    await ada.says('one', { in: group });
    await ada.call('member:remove', { conversationId: id, userId: ben.userId });
    expect(await ben.tries('read:mark', { conversationId: id, line: 1 })).toBe('not_found');
    expect(await eve.tries('read:mark', { conversationId: id, line: 1 })).toBe('not_found');
    expect(await marksOf(id, ben)).toEqual([]);
  });
});
