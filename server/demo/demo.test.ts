import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from '@parley/protocol/messages.ts';
import { openWorld, type World } from '../testing/world.ts';
import { TestClient } from '../testing/client.ts';
import { recount } from '../testing/recount.ts';
import { describeAccounts } from './accounts.ts';
import { momentOf } from './calendar.ts';
import { readCompany } from './company.ts';
import { seedDemo, type Account } from './demo.ts';
import { readTalk } from './scenes.ts';

// A working day at four in the afternoon, so that the month ends in office hours.
const now = new Date(2026, 2, 18, 16, 0).getTime();
let world: World;
let accounts: Account[];

beforeAll(async () => {
  world = await openWorld();
  accounts = (await seedDemo(world.db, { now }))!;
});
afterAll(() => world.close());

test('it names an owner, an administrator, an analyst and two employees, each with a password of their own', () => {
  expect(accounts.map(({ role }) => role)).toEqual(['owner', 'administrator', 'analyst', 'employee', 'employee']);
  expect(new Set(accounts.map(({ password }) => password)).size).toBe(5);
  for (const { password } of accounts) expect(password).toMatch(/^([a-z]{4}-){3}[a-z]{4}$/);
  const text = describeAccounts(accounts);
  for (const { email, password } of accounts)
    expect(text).toMatch(new RegExp(`${email.replaceAll('.', '\\.')} +${password}`));
});

test('each of them signs in, holds the role they are named for, and finds something unread', async () => {
  for (const account of accounts) {
    const client = await TestClient.signIn(world.origin, { ...account, id: '' });
    await client.connect();
    const { me, changed } = await client.call('sync:start', {});
    expect(me.name).toBe(account.name);
    expect(me.permissions.includes('roles.manage')).toBe(account.role === 'owner' || account.role === 'administrator');
    expect(me.permissions.includes('dashboards.read')).toBe(account.role !== 'employee');
    expect(me.permissions).toContain('messages.send');
    const unread = changed.map(({ mine }) => mine!.unread);
    expect(unread.filter((lines) => lines > 0).length).toBeGreaterThan(2);
    expect(Math.max(...unread)).toBeLessThan(40);
    expect(changed.filter(({ conversation }) => conversation.kind === 'direct').length).toBeGreaterThan(1);
    client.close();
  }
});

test('every counter is what its rows say', async () => {
  expect(await recount(world.db)).toEqual([]);
});

test('it is a small company with a tree of departments and a month of talk in two languages', async () => {
  const [counts] = await world.db.rows<Record<string, number>>(
    `select (select count(*) from users where kind = 'person') as people, (select count(*) from departments) as departments, (select count(*) from departments where parent_id is not null) as below,
       (select count(*) from conversations where kind <> 'direct') as rooms, (select count(*) from conversations where kind = 'direct') as directs,
       (select count(*) from conversations where threading = 'topics') as topics, (select count(*) from messages) as messages,
       (select count(*) from messages where thread_id is not null) as answers, (select count(*) from messages where mentions <> '{}') as mentions,
       (select count(*) from messages where body ~ '[一-鿿]') as chinese, (select count(*) from messages where body like '%\`\`\`%') as code`,
  );
  expect(counts).toMatchObject({ people: 24, departments: 9, rooms: 12, topics: 1 });
  // Numbers are read by department: each message counts where its sender is.
  const [placed] = await world.db.rows<{ rightly: boolean; departments: number }>(
    `select bool_and(m.department_id is not distinct from u.department_id) as rightly, count(distinct m.department_id) as departments
     from messages m join users u on u.id = m.sender_id`,
  );
  expect(placed).toMatchObject({ rightly: true });
  expect(placed!.departments).toBeGreaterThan(5);
  expect(counts!['messages']).toBeGreaterThan(600);
  const least = { below: 3, directs: 8, answers: 80, mentions: 15, chinese: 200, code: 4 };
  expect(Object.entries(least).filter(([name, wanted]) => counts![name]! <= wanted)).toEqual([]);
});

test('the month ends now, keeps working hours but for a few late nights, and is quiet at weekends', async () => {
  const said = await world.db.rows<{ at: Date }>('select created_at as at from messages order by created_at');
  const times = said.map(({ at }) => at);
  expect(times.at(-1)!.getTime()).toBeLessThanOrEqual(now);
  expect(now - times.at(-1)!.getTime()).toBeLessThan(30 * 60_000);
  expect(now - times[0]!.getTime()).toBeGreaterThan(28 * 86_400_000);
  expect(times.filter((at) => at.getDay() === 0 || at.getDay() === 6)).toEqual([]);
  expect(times.filter((at) => at.getHours() < 8 || at.getHours() >= 19).length).toBeLessThan(10);
});

test('a code example, a mention and an answer arrive as they were written', async () => {
  const [tom] = accounts.filter(({ name }) => name === 'Tom Hendriks');
  const client = await TestClient.signIn(world.origin, { ...tom!, id: '' });
  await client.connect();
  const { changed, me } = await client.call('sync:start', {});
  const room = changed.find(({ conversation }) => conversation.name === 'incidents')!;
  const page = (await client.call('history:page', { conversationId: room.conversation.id, limit: 100 })) as Page;
  const code = page.messages.find(({ body }) => body.includes('```'))!;
  expect(code.body).toContain(
    'const wind = await weather.at(call.berth, call.eta); // ← up to 30 s, holding the row and the connection\n  await tx.predictions.save',
  );
  const mention = page.messages.find(({ mentions }) => mentions.includes(me.id))!;
  expect(mention.body).toContain(`<@${me.id}> you look at the cache`);
  expect(mention.answers).toBe(3);
  const thread = (await client.call('history:page', {
    conversationId: room.conversation.id,
    threadId: mention.id,
    limit: 10,
  })) as Page;
  expect(thread.messages.map(({ body }) => body)).toEqual([
    mention.body,
    'Cache lifetime is 24 hours, and a new survey does not clear it.',
    '4 ports had a new survey since yesterday. Clearing them by hand now.',
    'Told Gdynia.',
  ]);
  client.close();
});

test('where there is anybody already it changes nothing', async () => {
  const count = () =>
    world.db.rows(
      'select (select count(*) from users) as people, (select count(*) from messages) as messages, (select count(*) from outbox) as events',
    );
  const before = await count();
  expect(await seedDemo(world.db)).toBeNull();
  expect(await count()).toEqual(before);
});

test('nobody speaks, or is called by a handle, who is not there; and nobody says the same thing twice', () => {
  const company = readCompany();
  const people = new Set(company.people.map(({ key }) => key));
  const said = readTalk(people, now);
  const places = new Set(company.conversations.map(({ key }) => key));
  const directly = said.flatMap(({ conversation }) => (places.has(conversation) ? [] : conversation.split('+')));
  expect([...said.map(({ who }) => who), ...directly].filter((key) => !people.has(key))).toEqual([]);
  expect(
    said
      .filter(({ text }) => /(^|\s)@[a-z]+\b/.test(text))
      .flatMap(({ text }) => [...text.matchAll(/(?:^|\s)@([a-z]+)\b/g)].map((match) => match[1]!))
      .filter((key) => !people.has(key)),
  ).toEqual([]);
  const long = said.map(({ text }) => text).filter((text) => text.length > 20);
  expect(long.filter((text, index) => long.indexOf(text) !== index)).toEqual([]);
});

test.each([
  ['1 09:30', new Date(2026, 2, 18, 16, 0), new Date(2026, 2, 17, 9, 30)],
  ['1 09:30', new Date(2026, 2, 16, 7, 0), new Date(2026, 2, 13, 9, 30)],
  ['1 09:30', new Date(2026, 2, 15, 12, 0), new Date(2026, 2, 13, 9, 30)],
  ['3 17:05', new Date(2026, 2, 18, 16, 0), new Date(2026, 2, 13, 17, 5)],
  ['now-40', new Date(2026, 2, 14, 23, 10), new Date(2026, 2, 14, 22, 30)],
])('%s, seen from %s, is %s', (when, from, wanted) => {
  expect(new Date(momentOf(when, from.getTime()))).toEqual(wanted);
});
