import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { hashPassword } from '../../server/identity/passwords.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { newId } from '../../server/kernel/ids.ts';
import { signAccess } from '../../server/identity/access-token.ts';
import { identity } from '../../server/identity/identity.ts';
import { migrateJobs } from '../../server/kernel/jobs.ts';
import { createLog } from '../../server/kernel/log.ts';
import { inWork } from '../../server/kernel/work.ts';
import { send } from '../../server/messages/messages.ts';
import { answering } from './children.ts';
import { benchActor } from './house.ts';

/*
 * The whole server with its default settings, and a company for the flood: a busy room, and a channel of long messages
 * that hold both words of a phrase and never the phrase.
 */

const [url, clickhouseUrl] = process.argv.slice(2) as [string, string];
const dataDir = mkdtempSync(path.join(tmpdir(), 'parley-flood-'));
const config = readConfig({ PARLEY_PORT: '0', PARLEY_DATA: dataDir });
const log = createLog('silent');
await migrateJobs(url);
const db = openDatabase(url, log, { poolSize: config.databasePool });
const app = createApp({ config, db, log, clickhouseUrl });
const origin = await app.start();
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));

const hashed = await hashPassword('a password for the flood');

/** People of a name, with roles, in these conversations. */
async function people(name: string, count: number, roles: string[], conversations: string[]): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await db.rows(
    `insert into users (id, kind, name, email) select id, 'person', $2 || ' ' || n, lower($2) || n || '@flood.example' from unnest($1::uuid[]) with ordinality as i (id, n)`,
    [ids, name],
  );
  await db.rows('insert into passwords (user_id, hash) select unnest($1::uuid[]), $2', [ids, hashed]);
  await db.rows('insert into role_grants (user_id, role) select i, r from unnest($1::uuid[]) i, unnest($2::text[]) r', [
    ids,
    roles,
  ]);
  for (const id of conversations) {
    await db.rows('insert into members (conversation_id, user_id) select $1, unnest($2::uuid[])', [id, ids]);
    await db.rows('update conversations set member_count = member_count + $2 where id = $1', [id, count]);
  }
  return ids;
}

async function conversation(name: string): Promise<string> {
  const id = newId();
  await db.rows(`insert into conversations (id, kind, name) values ($1, 'group', $2)`, [id, name]);
  return id;
}

async function company({ attackers, long }: { attackers: number; long: number }): Promise<object> {
  const [busy, quiet] = [await conversation('The busy room'), await conversation('Long messages')];
  await people('Colleague', 20, ['member'], [busy]);
  const rogues = await people('Rogue', attackers, ['member', 'analyst'], [busy, quiet]);
  const body = '👋 lorem and then ipsum '.repeat(850).slice(0, 19_999);
  for (let n = 0; n < long; n++)
    await inWork(app.house, benchActor(rogues[0]!, 'messages.send'), (work) =>
      send(work, { conversationId: quiet, clientId: `long-${n}`, body }),
    );
  const waiting = `select from outbox o join outbox_cursors c on c.watcher = 'search' where (o.tx, o.id) > (c.tx, c.id) limit 1`;
  while ((await db.rows(waiting)).length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  return { origin, busy, quiet };
}

/**
 * A device of a person, signed in without a password: many sign in here from one address, and some of these attack just
 * that.
 */
async function signedIn(email: string): Promise<{ token: string }> {
  const [{ id: userId }] = (await db.rows<{ id: string }>('select id from users where email = $1', [email])) as [
    { id: string },
  ];
  const deviceId = newId();
  await db.rows(`insert into devices (id, user_id, name, refresh_hash) values ($1, $2, 'bench', '\\x00')`, [
    deviceId,
    userId,
  ]);
  return {
    token: await signAccess(app.house.parts.use(identity).keys, {
      userId,
      deviceId,
      generation: 1,
      keyThumbprint: null,
    }),
  };
}

const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
/** The processor time so far, and how late the event loop came since it was last asked. */
const standing = () => {
  const { user, system } = process.cpuUsage();
  const loopMs = loop.percentile(99) / 1e6;
  loop.reset();
  return { seconds: (user + system) / 1e6, loopMs };
};

type Asked = { standing: true } | { signIn: string } | Parameters<typeof company>[0];
answering((said: never) => {
  const asked = said as Asked;
  if ('standing' in asked) return standing();
  return 'signIn' in asked ? signedIn(asked.signIn) : company(asked);
});
