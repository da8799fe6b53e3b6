import { hash } from '@node-rs/argon2';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createParley, type Parley } from '@parley/sdk/client.ts';
import { memoryStorage } from '@parley/sdk/storage.ts';
import { newId } from '../kernel/ids.ts';
import { errandPool } from '../kernel/pool.ts';
import { until } from '../testing/client.ts';
import { ownCluster, type OwnCluster } from '../testing/database.ts';
import { ServerProcess } from '../testing/server-process.ts';

let cluster: OwnCluster;
let db: pg.Pool;
let server: ServerProcess;
const devices: { name: string; parley: Parley }[] = [];
const rooms = Array.from({ length: 3 }, () => newId());

beforeAll(async () => {
  cluster = await ownCluster();
  db = errandPool(cluster.url, 2);
  server = await ServerProcess.prepare({
    DATABASE_URL: cluster.url,
    CLICKHOUSE_URL: cluster.clickhouseUrl,
    PARLEY_DATA: `${cluster.dataDir}-server`,
    PARLEY_SIGN_INS_PER_MINUTE: '10000',
    PARLEY_CALLS_PER_SECOND: '10000',
  });
  await server.start();
  const password = 'a password of some length';
  const stored = await hash(password, { memoryCost: 1024, timeCost: 1 });
  const people = Array.from({ length: 4 }, (_, i) => ({
    id: newId(),
    name: `Person ${i + 1}`,
    email: `person${i + 1}@example.com`,
  }));
  for (const { id, name, email } of people) {
    await db.query(`insert into users (id, kind, name, email) values ($1, 'person', $2, $3)`, [id, name, email]);
    await db.query('insert into passwords (user_id, hash) values ($1, $2)', [id, stored]);
    await db.query(`insert into role_grants (user_id, role) values ($1, 'member')`, [id]);
  }
  for (const room of rooms) {
    await db.query(
      `insert into conversations (id, kind, name, visibility, member_count) values ($1, 'group', 'Room', 'private', 4)`,
      [room],
    );
    await db.query('insert into members (conversation_id, user_id) select $1, unnest($2::uuid[])', [
      room,
      people.map((person) => person.id),
    ]);
  }
  for (const { name, email } of people) {
    for (const device of ['laptop', 'phone']) {
      const parley = createParley({
        origin: server.origin,
        storage: memoryStorage(),
        device: `${name}’s ${device}`,
        keep: 'body',
      });
      await parley.signIn({ email, password });
      parley.start();
      devices.push({ name: `${name}’s ${device}`, parley });
    }
  }
}, 180_000);

afterAll(async () => {
  for (const { parley } of devices) parley.stop();
  await server?.stop();
  await db?.end();
  await cluster?.stop();
});

const rounds = 6;

test('a server killed again and again in mid-traffic, its database in every second round, loses, doubles and reorders nothing', async () => {
  const open = devices.flatMap(({ name, parley }) =>
    rooms.map((room) => ({ name, room, timeline: parley.timeline(room) })),
  );
  await Promise.all(open.map(({ timeline }) => timeline.open('newest')));
  const sent = new Map<string, { room: string; body: string }>();
  let talking = true;
  const talk = devices.map(async ({ parley }, who) => {
    for (let i = 0; talking; i++) {
      const room = rooms[(i + who) % rooms.length]!;
      const body = `message ${i} of device ${who} 消息`;
      const pending = await parley.send({ conversationId: room, body });
      sent.set(pending.clientId, { room, body });
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  });
  const acknowledged = () => sent.size - devices.reduce((sum, { parley }) => sum + parley.pending().length, 0);

  const report: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = acknowledged();
    await until(() => acknowledged() > before + 150, 'traffic to flow again', 90_000);
    const withDatabase = round % 2 === 0;
    await Promise.all([server.kill(), withDatabase ? cluster.killPostgres() : undefined]);
    report.push(
      `round ${round}: killed the server${withDatabase ? ' and PostgreSQL' : ''} with ${sent.size - acknowledged()} messages under way, ${acknowledged()} acknowledged`,
    );
    if (withDatabase) await cluster.untilPostgresAnswers();
    await server.start();
  }
  const before = acknowledged();
  await until(() => acknowledged() > before + 150, 'traffic after the last round', 90_000);
  talking = false;
  await Promise.all(talk);
  await until(() => acknowledged() === sent.size, 'every message to be acknowledged', 90_000).catch((error: Error) => {
    const left = devices.map(
      ({ name, parley }) =>
        `${name}: ${parley.state}, ${parley.problem?.message ?? 'no problem'}, ${parley.pending().length} pending, first ${JSON.stringify(parley.pending()[0])}`,
    );
    throw new Error(`${error.message}\n${left.join('\n')}`);
  });

  const { rows } = await db.query<{
    id: string;
    room: string;
    client: string;
    seq: string;
    body: string;
    copies: string;
  }>(
    `select id, conversation_id as room, client_id as client, seq, body, count(*) over (partition by client_id) as copies from messages order by conversation_id, seq`,
  );
  expect(rows.map((row) => row.client).sort(), 'every message sent is stored, and no other').toEqual(
    [...sent.keys()].sort(),
  );
  expect(
    rows.filter((row) => Number(row.copies) !== 1),
    'none is stored twice',
  ).toEqual([]);
  for (const row of rows) expect(row.body).toBe(sent.get(row.client)!.body);
  for (const room of rooms) {
    const numbers = rows.filter((row) => row.room === room).map((row) => Number(row.seq));
    expect(numbers, 'numbered without holes').toEqual(numbers.map((_, i) => i + 1));
  }
  for (const { name, room, timeline } of open) {
    const wanted = rows.filter((row) => row.room === room).map((row) => row.id);
    await until(
      () =>
        timeline.entries.at(-1)?.kind === 'message' &&
        (timeline.entries.at(-1) as { message: { id: string } }).message.id === wanted.at(-1),
      `${name} to catch up`,
      60_000,
    );
    while (timeline.hasOlder) await timeline.older();
    const shown = timeline.entries.map((entry) => (entry.kind === 'message' ? entry.message.id : 'pending'));
    expect(shown, `${name} shows the same messages in the same order`).toEqual(wanted);
  }
  report.push(
    `${sent.size} sent = ${rows.length} stored = shown alike by ${devices.length} devices in ${rooms.length} rooms`,
  );
  console.log(report.join('\n'));
}, 600_000);
