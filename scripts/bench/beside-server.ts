import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApp } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { signAccess, type AccessClaims } from '../../server/identity/access-token.ts';
import { identity } from '../../server/identity/identity.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { migrateJobs } from '../../server/kernel/jobs.ts';
import { answering } from './children.ts';
import type { Ready } from './beside.ts';

/*
 * In a process of its own: a whole server as `npm start` runs it, on the engines it is given. It says where it is, and
 * hands out a token for each device there is.
 */

const [url, clickhouseUrl] = process.argv.slice(2) as [string, string];
const dataDir = mkdtempSync(path.join(tmpdir(), 'parley-bench-'));
const config = readConfig({
  PARLEY_PORT: '0',
  PARLEY_DATA: dataDir,
  PARLEY_SECRET: 'a secret that only this benchmark knows',
  PARLEY_CALLS_PER_SECOND: '100000',
});
const log = createLog('error');
await migrateJobs(url);
const db = openDatabase(url, log, { poolSize: config.databasePool });
const app = createApp({ config, db, log, clickhouseUrl });
const origin = await app.start();

async function ready(): Promise<Ready> {
  const devices = await db.rows<AccessClaims>(
    'select user_id as "userId", id as "deviceId", generation, key_thumbprint as "keyThumbprint" from devices order by user_id',
  );
  const { keys } = app.house.parts.use(identity);
  return { origin, tokens: await Promise.all(devices.map((device) => signAccess(keys, device))) };
}

answering(ready);
