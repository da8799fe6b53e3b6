import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemo } from '../demo/demo.ts';
import { openSetUp } from '../identity/set-up.ts';
import { importFile } from '../imports/imports.ts';
import { until } from '../testing/client.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';
import { writeAllKeys } from './people-keys.ts';

/*
 * Whatever changes a name writes its keys. No worker runs in the first world: nothing is mended behind the acts' backs.
 */

let world: World;
let olga: Visitor;
const folder = mkdtempSync(path.join(tmpdir(), 'parley-keys-'));
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const due = (of: World = world) => of.db.rows('select id from keys_due');
const found = async (query: string) =>
  (await (await world.device('Ada')).call('people:search', { query, withImported: true })).people.map(
    ({ name }) => name,
  );
const done = async (act: string, args: Record<string, unknown>) => {
  const { token } = await olga.askAct(act, args);
  expect(await due(), 'a preview leaves nothing').toEqual([]);
  const { code } = await olga.askAct(act, args, { previewToken: token!, reason: 'for the test' });
  expect([act, code]).toEqual([act, undefined]);
  expect(await due(), act).toEqual([]);
};

test('an invited and an edited person are found at once, and no more as they were', async () => {
  await done('invitePerson', { name: '赵云澜', email: 'zyl@example.com', title: 'Baker', roles: ['member'] });
  expect(await found('zhaoyunlan')).toEqual(['赵云澜']);
  const [row] = await world.db.rows<{ id: string }>(`select id from users where name = '赵云澜'`);
  await done('editPerson', { id: row!.id, name: '沈巍', title: 'Miller' });
  expect(await found('shenwei miller')).toEqual(['沈巍']);
  expect(await found('zhaoyunlan')).toEqual([]);
  expect(await found('baker')).toEqual([]);
});

test('people are found by a new and by a renamed department, at once', async () => {
  await done('createDepartment', { name: '市场部' });
  const [row] = await world.db.rows<{ id: string }>(`select id from departments where name = '市场部'`);
  const person = await world.person('Quill');
  await done('editPerson', { id: person.id, departmentId: row!.id });
  expect(await found('shichang')).toEqual(['Quill']);
  await done('renameDepartment', { id: row!.id, name: 'Marketing' });
  expect(await found('marketing')).toEqual(['Quill']);
  expect(await found('市场')).toEqual([]);
});

test('senders of imported history have keys when the import ends', async () => {
  const file = path.join(folder, 'one.ndjson');
  const line = { id: '1', ts: '2024-01-01T08:00:00Z', channel: 'general', topic: '', sender: '钱学文', text: 'hi' };
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  expect(await importFile(world.db, file)).toMatchObject({ stored: 1 });
  expect(await due()).toEqual([]);
  expect(await found('qianxw')).toEqual(['钱学文']);
});

test('the demo company and the first owner have keys from the start', async () => {
  for (const fill of [
    (empty: World) => seedDemo(empty.db),
    async (empty: World) => {
      const code = await openSetUp(empty.app.house);
      const owner = {
        name: '孙尚',
        email: 's@example.com',
        password: 'quiet lantern by the sea 41',
        organisation: 'O',
      };
      expect((await visitor(empty.origin).ask('POST', '/api/set-up', { ...owner, code })).status).toBe(200);
    },
  ]) {
    const empty = await openWorld({ env: { PARLEY_ROLES: 'web' } });
    await fill(empty);
    expect(await due(empty)).toEqual([]);
    const [row] = await empty.db.rows<{ people: number; keyed: number }>(
      'select count(*)::int as people, (select count(distinct user_id)::int from person_keys) as keyed from users',
    );
    expect(row!.people).toBeGreaterThan(0);
    expect(row!.keyed).toBe(row!.people);
    await empty.close();
  }
});

test('any write of a name, title, address or kind makes keys due; others do not', async () => {
  await writeAllKeys(world.app.house);
  const { id } = await world.person('Rowan');
  expect(await due()).toEqual([]);
  await world.db.rows(`update users set locale = 'zh-CN', last_seen_at = now(), head = head + 1, invited_at = null`);
  expect(await due()).toEqual([]);
  for (const change of [`name = 'Rowena'`, `title = 'Smith'`, `email = 'rowena@example.com'`, `kind = 'guest'`]) {
    await world.db.rows(`update users set ${change} where id = $1`, [id]);
    expect(await due(), change).toEqual([{ id }]);
    await writeAllKeys(world.app.house);
  }
  expect(await found('rowena smith')).toEqual(['Rowena']);
  await world.db.rows(
    `insert into users (id, kind, name) select gen_random_uuid(), 'person', 'Many ' || n from generate_series(1, 450) n`,
  );
  expect(await due()).toHaveLength(450);
  await writeAllKeys(world.app.house);
  expect(await due()).toEqual([]);
});

test('people without keys yet are found by their names as they are written', async () => {
  const admin = async (query: string) =>
    (await olga.graphql('query ($query: String) { people(query: $query) { edges { node { name } } } }', { query }))
      .data as unknown;
  await world.db.rows(`insert into users (id, kind, name) values (gen_random_uuid(), 'person', '蔡明 Unkeyed')`);
  for (const query of ['蔡', '明', 'keyed', 'UNKEYED 蔡']) {
    expect(await found(query), query).toEqual(['蔡明 Unkeyed']);
    expect(await admin(query), query).toEqual({ people: { edges: [{ node: { name: '蔡明 Unkeyed' } }] } });
  }
  expect(await found('caiming')).toEqual([]);
  await writeAllKeys(world.app.house);
  expect(await found('caiming')).toEqual(['蔡明 Unkeyed']);
});

test('after an upgrade the background writes all keys, also after a start cut off', async () => {
  const fresh: FreshDatabase = await freshDatabase();
  const on = (roles: string) =>
    openWorld({ databaseUrl: fresh.url, clickhouseUrl: fresh.clickhouseUrl, env: { PARLEY_ROLES: roles } });
  const before = await on('web');
  await before.db.rows(
    `insert into users (id, kind, name) select gen_random_uuid(), 'person', '钟' || n from generate_series(1, 900) n`,
  );
  // As an earlier version left it: other keys, and some of them renewed before the process was ended.
  await writeAllKeys(before.app.house);
  await before.db.rows(`update person_keys set key = 'old ' || key`);
  await before.db.rows('update keys_version set version = 0');
  await before.close();
  const after = await on('web,worker');
  const left = async () =>
    (await after.db.rows<{ n: number }>(`select count(*)::int as n from person_keys where key like 'old %'`))[0]!.n;
  await until(async () => (await left()) === 0, 'all keys to be written');
  await until(async () => (await due(after)).length === 0, 'nothing to be due');
  expect(await after.db.rows('select version from keys_version')).toEqual([{ version: 1 }]);
  await after.close();
  await fresh.drop();
});
