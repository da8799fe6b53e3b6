import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findUser } from '../engines/postgres-place.ts';
import { TestClient, until } from '../testing/client.ts';
import { TEMPLATE } from '../testing/cluster.ts';
import { freshDatabase } from '../testing/database.ts';
import { visitor } from '../testing/http.ts';
import { ServerProcess } from '../testing/server-process.ts';
import { openWorld, type World } from '../testing/world.ts';

/*
 * A disk that is full: a small file system in memory, which only root may mount. Elsewhere these tests say that they
 * were left out.
 */

const directory = mkdtempSync(path.join(tmpdir(), 'parley-disk-'));
const mounted: string[] = [];
const canMount = process.getuid?.() === 0 && mount('probe', 1) !== null;
if (!canMount) console.warn('A full disk is not tried: only root may mount a small file system.');

function mount(name: string, megabytes: number): string | null {
  const place = path.join(directory, name);
  mkdirSync(place, { recursive: true });
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place], { stdio: 'ignore' });
  if (done.status !== 0) return null;
  mounted.push(place);
  return place;
}

/**
 * Fills what is free but for `leaveMb`; returns the file to delete. In pieces, so that connections of the test are not
 * left waiting.
 */
async function fill(place: string, leaveMb: number): Promise<string> {
  const { bavail, bsize } = statfsSync(place);
  const file = path.join(place, 'filler');
  const piece = 8 * 1_048_576;
  for (let left = bavail * bsize - leaveMb * 1_048_576; left > 0; left -= piece)
    await appendFile(file, Buffer.alloc(Math.min(left, piece), 1)).catch(() => undefined);
  return file;
}

afterAll(() => {
  for (const place of mounted.reverse()) spawnSync('umount', ['--lazy', place]);
  rmSync(directory, { recursive: true, force: true });
});

const readiness = async (origin: string) => {
  const reply = await visitor(origin, { page: null }).ask('GET', '/readyz');
  return {
    status: reply.status,
    ...(reply.body as unknown as { checks: Record<string, string>; why?: Record<string, string> }),
  };
};
describe.skipIf(!canMount)('the database’s disk is full', () => {
  let world: World;
  let place: string;
  const database = `full_${process.pid}`;
  const admin = new pg.Client({ connectionString: inject('cluster').databaseUrl });

  beforeAll(async () => {
    place = mount('tablespace', 48)!;
    chmodSync(directory, 0o711);
    const user = findUser(() => undefined);
    chownSync(place, user.uid, user.gid);
    await admin.connect();
    await admin.query(`create tablespace ${database} location '${place}'`);
    await admin.query(`create database ${database} template ${TEMPLATE} tablespace ${database}`);
    const url = new URL(inject('cluster').databaseUrl);
    url.pathname = `/${database}`;
    const fresh = await freshDatabase();
    world = await openWorld({ databaseUrl: url.href, clickhouseUrl: fresh.clickhouseUrl });
  });
  afterAll(async () => {
    await world.close();
    await admin.query(`drop database ${database} with (force)`);
    await admin.query(`drop tablespace ${database}`);
    await admin.end();
  });

  test('sends are refused as storage_full and /readyz says so, until there is space', async () => {
    const ada = await world.device('Ada');
    const room = (await ada.group('Room', [])).conversation;
    const say = (n: number) =>
      ada.tries('message:send', {
        conversationId: room.id,
        clientId: `n${n}`,
        body: `${n} ${'漢'.repeat(6_000)}${crypto.randomUUID()}`,
      });
    expect(await readiness(world.origin)).toMatchObject({ status: 200, checks: { disk: 'ok', database: 'ok' } });
    const filler = await fill(place, 2);
    let acknowledged = 0;
    let code = 'ok';
    for (let n = 0; n < 3_000 && code === 'ok'; n++) {
      code = await say(n);
      if (code === 'ok') acknowledged++;
    }
    expect(code).toBe('storage_full');
    const full = await readiness(world.origin);
    expect(full).toMatchObject({ status: 503, checks: { disk: 'full' } });
    expect(full.why!['disk']).toContain('disk of the database is full');
    for (let n = 0; n < 5; n++) expect(await say(10_000 + n)).toBe('storage_full');
    expect((await readiness(world.origin)).status, 'it stays so while nothing can be stored').toBe(503);
    expect(world.logged.filter((line) => line.includes('"disk":"full"'))).toHaveLength(1);

    rmSync(filler);
    await until(async () => (await readiness(world.origin)).status === 200, 'the server to be ready again');
    expect(await say(20_000)).toBe('ok');
    const [stored] = await world.db.rows<{ count: number }>('select count(*) from messages');
    expect(stored!.count).toBe(acknowledged + 1);
    expect(world.logged.some((line) => line.includes('there is space again'))).toBe(true);
  });
});

describe.skipIf(!canMount)('the data directory’s disk runs low', () => {
  test('nothing is acknowledged below the floor, and it goes on without a restart', async () => {
    const place = mount('data', 500)!;
    chmodSync(place, 0o711);
    const server = await ServerProcess.prepare({
      PARLEY_DATA: path.join(place, 'data'),
      PARLEY_HOST: '127.0.0.1',
      NODE_ENV: 'test',
    });
    await server.start();
    try {
      const [, email, password] = /owner +(\S+) +(\S+)/.exec(server.said)!;
      const owner = await TestClient.signIn(server.origin, {
        id: '',
        name: 'Owner',
        email: email!,
        password: password!,
      });
      await owner.connect();
      const room = (await owner.group('Room', [])).conversation;
      const say = (n: number) =>
        owner.tries('message:send', { conversationId: room.id, clientId: `n${n}`, body: `${n}` });
      expect(await say(1)).toBe('ok');
      const filler = await fill(place, 20);
      expect(statSync(filler).size).toBeGreaterThan(10_000_000);
      await until(async () => (await readiness(server.origin)).status === 503, 'the disk to be seen as full');
      const { checks, why } = await readiness(server.origin);
      expect(checks['disk']).toBe('full');
      expect(why!['disk']).toMatch(/data directory .* is full: \d+ MiB are free, and the floor is 64 MiB/);
      expect(await say(2)).toBe('storage_full');
      rmSync(filler);
      await until(async () => (await readiness(server.origin)).status === 200, 'the server to be ready again');
      expect(await say(3)).toBe('ok');
      owner.close();
    } finally {
      await server.stop();
    }
  });
});
