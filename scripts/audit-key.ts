/**
 * npm run audit:rotate [-- --old-key-is-lost]
 *
 * Gives the audit log a new signing key. The old key signs the new one's entry, so exports signed by either still verify; with --old-key-is-lost
 * it cannot, and auditors are told to trust the new key by other means. Both the rotation and who asked for it stand in the log.
 */
import { createApp } from '../server/app.ts';
import { rotateKey } from '../server/audit/audit.ts';
import { readConfig } from '../server/config.ts';
import { system } from '../server/kernel/actor.ts';
import { openDatabase } from '../server/kernel/database.ts';
import { openEngines } from '../server/engines/engines.ts';
import { createLog } from '../server/kernel/log.ts';
import { inWork } from '../server/kernel/work.ts';
import { databaseFailure, databaseSetting, named } from '../server/start-failures.ts';

const say = (sentence: string) => console.error(sentence);
const config = readConfig(process.env, say);
const log = createLog('warn');
const engines = await openEngines({
  dataDir: config.dataDir,
  databaseUrl: config.databaseUrl ?? undefined,
  ownerUrl: config.databaseOwnerUrl ?? undefined,
  clickhouseUrl: config.clickhouseUrl ?? undefined,
  onProgress: say,
});
const db = openDatabase(engines.databaseUrl, log, { poolSize: 2, directUrl: config.databaseDirectUrl });
try {
  const { house } = createApp({ config, db, log, clickhouseUrl: engines.clickhouseUrl });
  const rotated = await named(
    inWork(house, system('operator'), (work) =>
      rotateKey(work, { oldKeyIsLost: process.argv.includes('--old-key-is-lost') }),
    ),
    databaseFailure(databaseSetting(config), engines.databaseUrl),
  );
  console.log(JSON.stringify(rotated, null, 2));
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
} finally {
  await db.close();
  await engines.close();
}
