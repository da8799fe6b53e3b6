import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../server/kernel/ids.ts';
import { freshDatabase } from '../server/testing/database.ts';
import { visitor } from '../server/testing/http.ts';
import { openWorld, type World } from '../server/testing/world.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'parley-reset-'));
const script = fileURLToPath(new URL('reset-password.ts', import.meta.url));
let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let world: World;

beforeAll(async () => {
  fresh = await freshDatabase();
  world = await openWorld({ databaseUrl: fresh.url, clickhouseUrl: fresh.clickhouseUrl });
});
afterAll(async () => {
  await world?.close();
  await fresh?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** The command as the operator runs it, beside the running server. */
function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: fresh.url,
    CLICKHOUSE_URL: fresh.clickhouseUrl,
    PARLEY_DATA: folder,
    PARLEY_ACCEPT_UNSAFE_DATABASE: 'true',
    PARLEY_PORT: '4321',
  };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}

test('the operator’s link resets the password of the last owner and is audited', async () => {
  const olga = await world.person('Olga', { roles: ['owner'] });
  const { code, out, err } = await run(olga.email.toUpperCase());
  expect([code, err]).toEqual([0, expect.stringContaining('A link for Olga.')]);
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:4321\/reset#[\w-]{43}\n$/);
  const password = 'seven lamps over water';
  const used = await visitor(world.origin).ask('POST', '/api/password-reset', {
    token: out.trim().split('#')[1],
    password,
  });
  expect(used.body).toMatchObject({ userId: olga.id, email: olga.email });
  await visitor(world.origin).signIn({ email: olga.email, password });
  expect(
    await world.db.rows(
      `select actor_name as actor, reason from audit_entries where action = 'password.reset' and target_id = $1`,
      [olga.id],
    ),
  ).toEqual([{ actor: 'operator', reason: 'asked for by the operator' }]);
});

test('an unknown address, a suspended or invited person: a sentence, code 1, no link', async () => {
  const ben = await world.person('Ben');
  await world.db.rows(`update users set status = 'suspended' where id = $1`, [ben.id]);
  await world.db.rows(
    `insert into users (id, kind, name, email, status) values ($1, 'person', 'Ivy', 'ivy@example.com', 'invited')`,
    [newId()],
  );
  for (const [email, sentence] of [
    ['nobody@example.com', 'Nobody here signs in with nobody@example.com.'],
    [ben.email, 'Ben is suspended. Reactivate them first.'],
    ['ivy@example.com', 'Ivy has not accepted their invitation yet.'],
  ] as const) {
    const { code, out, err } = await run(email);
    expect([code, out, err.includes('Usage:')], email).toEqual([1, '', false]);
    expect(err).toContain(sentence);
  }
  expect(await world.db.rows('select from password_resets where user_id = $1', [ben.id])).toEqual([]);
});

test.each([
  [[], 'Exactly one e-mail address is needed.'],
  [['a@example.com', 'b@example.com'], 'Exactly one e-mail address is needed.'],
  [['--email', 'a@example.com'], '--email'],
])('bad arguments %j → what is wrong, the usage, and code 1', async (args, sentence) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(sentence);
  expect(err).toContain('Usage: npm run reset-password -- EMAIL');
});

test('--help prints the usage and succeeds', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage:'), err: '' });
});
