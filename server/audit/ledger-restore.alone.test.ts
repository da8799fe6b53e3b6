import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { TestClient, until } from '../testing/client.ts';
import { freshDatabase, type FreshDatabase } from '../testing/database.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, passwordOf, type World } from '../testing/world.ts';

/* A backup is a copy of the database from earlier; the ledger lies in the data directory, which both worlds share. */

let home: string;
let fresh: FreshDatabase;
let live: World | null;
let olga: Visitor;
const copies: string[] = [];

beforeEach(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'parley-restore-'));
  fresh = await freshDatabase();
  live = await boot(fresh.url);
  olga = visitor(live.origin);
  await olga.signIn(await live.person('Olga', { roles: ['owner', 'member'] }));
});
afterEach(async () => {
  await live?.close();
  for (const name of copies.splice(0)) await admin(`drop database if exists ${name} with (force)`);
  await fresh.drop();
  rmSync(home, { recursive: true, force: true });
});

const boot = (databaseUrl: string) =>
  openWorld({ databaseUrl, clickhouseUrl: fresh.clickhouseUrl, env: { PARLEY_DATA: home } });

async function admin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('cluster').databaseUrl });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** Copies the live database as it is; the server is stopped meanwhile, since a template must have no connections. */
async function backUp(): Promise<string> {
  await stop();
  const name = `backup_${copies.length}_${process.pid}_${Date.now()}`;
  copies.push(name);
  await admin(`create database ${name} template ${new URL(fresh.url).pathname.slice(1)}`);
  live = await boot(fresh.url);
  olga = visitor(live.origin);
  await olga.signIn({ email: 'olga@example.com', password: passwordOf('Olga') });
  const url = new URL(fresh.url);
  url.pathname = `/${name}`;
  return url.href;
}
async function stop(): Promise<void> {
  const world = live!;
  live = null;
  await world.close();
}
/** Resolves when the ledger has heard everything that was committed. */
const heard = () =>
  until(
    async () =>
      (
        await live!.db.rows(
          `select from outbox o join outbox_cursors c on c.watcher = 'ledger' where (o.tx, o.id) > (c.tx, c.id)`,
        )
      ).length === 0,
    'the ledger to be up to date',
  );
const act = async (name: string, words: Record<string, unknown>) => {
  const done = await olga.act(name, words);
  expect([name, done.code, done.message]).toEqual([name, undefined, undefined]);
  return done.done!;
};
const resets = async (token: string, password: string) =>
  (await visitor(live!.origin).ask('POST', '/api/password-reset', { token, password })).status;
const signIn = async (world: World, name: string, password = passwordOf(name)) =>
  (
    await visitor(world.origin).ask('POST', '/api/session', {
      email: `${name.toLowerCase()}@example.com`,
      password,
      device: 'x',
    })
  ).status;

test('restoring a backup: every kind of later revocation stays in force', async () => {
  const world = live!;
  const [sam, rae] = [await world.person('Sam'), await world.person('Rae', { roles: ['member', 'auditor'] })];
  const pat = await world.person('Pat');
  const [reset, replaced] = [await world.person('Ned'), await world.person('Ann')];
  const [ended] = [await TestClient.signIn(world.origin, await world.person('Dee'))];
  const first = await act('invitePerson', { name: 'Ira', email: 'ira@example.com' });
  const second = await act('invitePerson', { name: 'Uma', email: 'uma@example.com' });
  const used = await act('resetPassword', { id: reset.id });
  const voided = await act('resetPassword', { id: replaced.id });
  const tokenOf = (link: string) => link.split('#')[1]!;
  const restored = await backUp();

  await act('suspendPeople', { ids: [sam.id] });
  await act('withdrawRole', { userId: rae.id, role: 'auditor' });
  await act('endDevices', { ids: [ended!.session.deviceId] });
  await act('inviteAgain', { id: first.resultId });
  const password = 'a password of the invited';
  expect(
    (await visitor(live!.origin).ask('POST', '/api/invitation', { token: tokenOf(second.inviteLink!), password }))
      .status,
  ).toBe(200);
  expect(await resets(tokenOf(used.resetLink!), 'seven lamps over water')).toBe(200);
  await act('resetPassword', { id: replaced.id });
  await act('resetPassword', { id: pat.id, endAccess: true });
  await heard();
  await stop();

  live = await boot(restored);
  expect(await signIn(live, 'Sam')).toBe(403);
  expect(await signIn(live, 'Pat')).toBe(401);
  const status = await visitor(live.origin).ask('GET', '/api/session/devices', undefined, {
    authorization: `Bearer ${ended!.session.accessToken}`,
  });
  expect(status.status).toBe(401);
  for (const { resetLink } of [used, voided])
    expect(await resets(tokenOf(resetLink!), 'eight lamps over water')).toBe(401);
  for (const { inviteLink } of [first, second])
    expect(
      (await visitor(live.origin).ask('POST', '/api/invitation', { token: tokenOf(inviteLink!), password })).body.error
        ?.code,
    ).toBe('wrong_credentials');
  expect(await live.db.rows(`select role from role_grants where user_id = $1`, [rae.id])).toEqual([{ role: 'member' }]);
  const audited = await live.db.rows<{ action: string }>(
    `select distinct action from audit_entries where actor_name = 'ledger of revocations' order by action`,
  );
  expect(audited.map(({ action }) => action)).toEqual([
    'invitation.ended',
    'password.reset_ended',
    'password.revoked',
    'role.withdrawn',
    'session.ended',
    'user.suspended',
  ]);
  expect(live.logged.join('')).toContain('this database is an older copy');

  // A second start of the same copy has nothing left to do.
  const before = await live.db.rows(`select from audit_entries where actor_name = 'ledger of revocations'`);
  await heard();
  await stop();
  live = await boot(restored);
  expect(await live.db.rows(`select from audit_entries where actor_name = 'ledger of revocations'`)).toHaveLength(
    before.length,
  );
});

test('a role withdrawn and granted again after the backup stays as the backup has it', async () => {
  const world = live!;
  const rae = await world.person('Rae', { roles: ['member', 'auditor'] });
  const sam = await world.person('Sam');
  const restored = await backUp();
  await act('withdrawRole', { userId: rae.id, role: 'auditor' });
  await act('grantRole', { userId: rae.id, role: 'auditor' });
  await act('suspendPeople', { ids: [sam.id] });
  await act('reactivatePeople', { ids: [sam.id] });
  await heard();
  await stop();
  live = await boot(restored);
  expect(await live.db.rows(`select role from role_grants where user_id = $1 order by role`, [rae.id])).toEqual([
    { role: 'auditor' },
    { role: 'member' },
  ]);
  expect(await signIn(live, 'Sam')).toBe(200);
});

test('restoring a backup: its last owner, suspended since, stays out and set-up opens', async () => {
  const restored = await backUp();
  const nia = await live!.person('Nia');
  await act('grantRole', { userId: nia.id, role: 'owner' });
  const [{ id }] = (await live!.db.rows<{ id: string }>(`select id from users where name = 'Olga'`)) as [
    { id: string },
  ];
  const other = visitor(live!.origin);
  await other.signIn(nia);
  expect((await other.act('suspendPeople', { ids: [id] })).code).toBeUndefined();
  await heard();
  await stop();
  live = await boot(restored);
  expect(await signIn(live, 'Olga')).toBe(403);
  expect(await live.db.rows(`select from role_grants where role = 'owner'`)).toHaveLength(0);
});

test('a live database that the ledger has not heard yet is not taken for an older one', async () => {
  const sam = await live!.person('Sam');
  await act('suspendPeople', { ids: [sam.id] });
  await heard();
  // As after a crash between the file and the commit: the file is ahead, and the database knows of something later.
  await live!.db.rows('update ledger_position set number = 0');
  await act('reactivatePeople', { ids: [sam.id] });
  await live!.db.rows(`update outbox_cursors set tx = '0', id = 0 where watcher = 'ledger'`);
  await stop();
  live = await boot(fresh.url);
  expect(await signIn(live, 'Sam')).toBe(200);
  expect(await live.db.rows(`select from audit_entries where actor_name = 'ledger of revocations'`)).toHaveLength(0);
});

test('without the ledger the start goes on and says what it cannot know', async () => {
  const sam = await live!.person('Sam');
  await act('suspendPeople', { ids: [sam.id] });
  await heard();
  await stop();
  cpSync(path.join(home, 'audit', 'ledger.ndjson'), path.join(home, 'moved'));
  rmSync(path.join(home, 'audit', 'ledger.ndjson'));
  live = await boot(fresh.url);
  expect(live.logged.join('')).toContain('shorter than it was');
  expect(await signIn(live, 'Sam')).toBe(403);
});
