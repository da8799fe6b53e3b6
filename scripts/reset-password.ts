/**
 * npm run reset-password -- EMAIL
 *
 * Makes a one-time link with which the person with this address chooses a new password, beside a running server or
 * without one: the way back in when no administrator can make one. The link goes to standard output. Ends with 0 when
 * there is a link, and with 1 and a sentence when there is none.
 */
import { parseArgs } from 'node:util';
import { createApp } from '../server/app.ts';
import { FaultyConfig, readConfig, type Config } from '../server/config.ts';
import { EngineError } from '../server/engines/error.ts';
import { openEngines } from '../server/engines/engines.ts';
import { makeLink, personByEmail } from '../server/identity/password-resets.ts';
import { system } from '../server/kernel/actor.ts';
import { openDatabase } from '../server/kernel/database.ts';
import { Refused } from '../server/kernel/errors.ts';
import { createLog } from '../server/kernel/log.ts';
import { migrate } from '../server/kernel/migrate.ts';
import { inWork } from '../server/kernel/work.ts';
import { databaseFailure, databaseSetting, named, StartFailure } from '../server/start-failures.ts';

const usage = `Usage: npm run reset-password -- EMAIL

  EMAIL   the address the person signs in with

Prints a link that works once, for 24 hours. Hand it to the person: they choose a new password there, and every device of theirs is signed out.
The old password works until then. The audit log says that the operator made the link.`;

const say = (sentence: string) => console.error(sentence);

class NoSuchPerson extends Error {}

function readEmail(): string | null {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (values.help) return null;
  if (positionals.length !== 1) throw new Error('Exactly one e-mail address is needed.');
  return positionals[0]!;
}

async function run(email: string): Promise<void> {
  const config = readConfig(process.env, say);
  const engines = await openEngines({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl ?? undefined,
    clickhouseUrl: config.clickhouseUrl ?? undefined,
    onProgress: say,
  });
  try {
    await named(migrate(engines.databaseUrl, say), databaseFailure(databaseSetting(config), engines.databaseUrl));
    const log = createLog('warn');
    const db = openDatabase(engines.databaseUrl, log, { poolSize: 2 });
    try {
      const { house } = createApp({ config, db, log, clickhouseUrl: engines.clickhouseUrl });
      const { name, resetLink } = await inWork(house, system('operator'), async (work) => {
        const person = await personByEmail(work, email);
        if (!person) throw new NoSuchPerson(`Nobody here signs in with ${email}.`);
        return { name: person.name, ...(await makeLink(work, person.id, { reason: 'asked for by the operator' })) };
      });
      say(`A link for ${name}. It works once, for 24 hours, and is shown only now:`);
      console.log(new URL(resetLink, addressOf(config)).href);
    } finally {
      await db.close();
    }
  } finally {
    await engines.close();
  }
}

/** Where the server would be reached from this machine, for an installation that was not told its public address. */
const addressOf = ({ host, port }: Config) => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

try {
  const email = readEmail();
  if (email === null) console.log(usage);
  else await run(email);
} catch (error) {
  process.exitCode = 1;
  const known = [EngineError, FaultyConfig, Refused, NoSuchPerson, StartFailure].some((kind) => error instanceof kind);
  // Arguments are the only thing that is looked at before the engines.
  if (known) say((error as Error).message);
  else say(`${(error as Error).message}\n\n${usage}`);
}
