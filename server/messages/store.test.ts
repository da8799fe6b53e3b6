import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Summary } from '@parley/protocol/conversations.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * A store that stalls delays the acknowledgement; a store that refuses gives an error and no echo to anyone; a store with too long a queue
 * is said so at once.
 */

let world: World;
let ada: TestClient;
let ben: TestClient;
let room: Summary;
let dba: Client;

beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_LANE_QUEUE: '20' } });
  [ada, ben] = (await Promise.all(['Ada', 'Ben'].map((name) => world.device(name)))) as [TestClient, TestClient];
  room = await ada.group('Room', [ben]);
});
beforeEach(async () => {
  dba = await world.db.client('the database’s own administrator');
});
afterEach(() => dba.end());
afterAll(() => world.close());

const heard = () => [...ada.heard(room.conversation.id), ...ben.heard(room.conversation.id)];
const stored = async (body: string) => (await dba.query('select from messages where body = $1', [body])).rows.length;

test('while the store stalls nothing is acknowledged and nobody hears; then both', async () => {
  await dba.query('begin');
  await dba.query('lock table messages in share row exclusive mode');
  let acknowledged = false;
  const sending = ada.says('through a stall', { in: room }).then(() => (acknowledged = true));
  await until(
    async () =>
      (
        await world.db.rows(
          `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%send_messages%'`,
        )
      ).length > 0,
    'the lane to wait for the store',
  );
  expect(acknowledged).toBe(false);
  expect(heard()).not.toContain('through a stall');
  await dba.query('commit');
  await sending;
  await until(() => ben.heard(room.conversation.id).includes('through a stall'));
  expect(await stored('through a stall')).toBe(1);
});

test('a store that refuses a message gives its sender an error, echoes it to nobody, and stores the others of its batch', async () => {
  await dba.query(
    `create function refuse() returns trigger language plpgsql as $$ begin if new.body like 'poison%' then raise exception 'disk quota exceeded' using errcode = '53400'; end if; return new; end $$`,
  );
  await dba.query('create trigger refuse before insert on messages for each row execute function refuse()');
  const outcomes = await Promise.allSettled([
    ada.says('sound one', { in: room }),
    ada.says('poison', { in: room }),
    ben.says('sound two', { in: room }),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await until(() => ben.heard(room.conversation.id).includes('sound two'));
  expect(heard()).not.toContain('poison');
  expect(await stored('poison')).toBe(0);
  await dba.query('drop trigger refuse on messages; drop function refuse');
  const [row] = (await dba.query('select count(*)::int as count, max(seq)::int as max from messages')).rows as [
    { count: number; max: number },
  ];
  expect(row.count, 'a refused message leaves no hole').toBe(row.max);
});

test('a store that refuses everything stores nothing, says so, and takes up again', async () => {
  await dba.query('alter table outbox rename to outbox_elsewhere');
  expect(
    await ada.tries('message:send', {
      conversationId: room.conversation.id,
      clientId: 'refused-1',
      body: 'into the void',
    }),
  ).toBe('internal');
  expect(heard()).not.toContain('into the void');
  await dba.query('alter table outbox_elsewhere rename to outbox');
  expect(
    await ada.tries('message:send', {
      conversationId: room.conversation.id,
      clientId: 'refused-1',
      body: 'into the void',
    }),
  ).toBe('ok');
  expect(await stored('into the void')).toBe(1);
});

test('beyond its capacity the server refuses at once instead of answering late, and stores exactly what it acknowledged', async () => {
  // One person has a few sends under way at once and the others wait, so it takes several people to fill the lane.
  const senders = await Promise.all(Array.from({ length: 10 }, (_, i) => world.device(`Sender ${i}`)));
  await ada.call('member:add', {
    conversationId: room.conversation.id,
    userIds: senders.map(({ userId }) => userId),
  });
  await dba.query('begin');
  await dba.query('lock table messages in share row exclusive mode');
  const early: string[] = [];
  const sends = Array.from({ length: 60 }, (_, i) =>
    senders[i % senders.length]!.tries('message:send', {
      conversationId: room.conversation.id,
      clientId: `flood-${i}`,
      body: `flood ${i}`,
    }).then((code) => {
      early.push(code);
      return code;
    }),
  );
  await until(() => early.length >= 20, 'those too many to be answered while the store still stalls');
  expect(new Set(early)).toEqual(new Set(['overloaded']));
  await dba.query('commit');
  const outcomes = await Promise.all(sends);
  const [{ count }] = (await dba.query(`select count(*)::int as count from messages where body like 'flood %'`))
    .rows as [{ count: number }];
  expect(count).toBe(outcomes.filter((code) => code === 'ok').length);
  expect(count).toBeGreaterThan(0);
});
