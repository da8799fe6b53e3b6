/**
 * npm run seed
 *
 * Fills an empty database with the demo company, as the first start does when nothing is configured, and prints whom to sign in as. A database
 * that holds anybody already is left as it is.
 */
import { FaultyConfig, readConfig } from '../server/config.ts';
import { describeAccounts } from '../server/demo/accounts.ts';
import { seedDemo } from '../server/demo/demo.ts';
import { openDatabase } from '../server/kernel/database.ts';
import { EngineError } from '../server/engines/error.ts';
import { openEngines } from '../server/engines/engines.ts';
import { createLog } from '../server/kernel/log.ts';
import { prepareDatabase } from '../server/kernel/prepare-database.ts';
import { databaseFailure, named, ownerSetting, StartFailure } from '../server/start-failures.ts';

const say = (sentence: string) => console.error(sentence);

async function run(): Promise<number> {
  const config = readConfig(process.env, say);
  const engines = await openEngines({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl ?? undefined,
    ownerUrl: config.databaseOwnerUrl ?? undefined,
    clickhouseUrl: config.clickhouseUrl ?? undefined,
    onProgress: say,
  });
  try {
    await named(prepareDatabase(engines, say), databaseFailure(ownerSetting(config), engines.ownerUrl));
    const db = openDatabase(engines.databaseUrl, createLog('warn'), {
      poolSize: 2,
      directUrl: config.databaseDirectUrl,
    });
    try {
      const accounts = await seedDemo(db);
      console.log(
        accounts
          ? describeAccounts(accounts)
          : 'There are people in this database already: the demo company was not added.',
      );
      return accounts ? 0 : 1;
    } finally {
      await db.close();
    }
  } finally {
    await engines.close();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  process.exitCode = 1;
  const isKnown = [EngineError, FaultyConfig, StartFailure].some((kind) => error instanceof kind);
  say(isKnown ? (error as Error).message : String((error as Error).stack));
}
