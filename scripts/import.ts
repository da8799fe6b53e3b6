/**
 * npm run import -- <file>... [--source NAME] [--strict] [--members none|owners|everyone]
 *
 * Imports history from lines of JSON, packed with gzip or not, beside a running server or without one. Ctrl-C stops
 * between two batches; running the same command again completes it. Ends with 0 when every file was read: what was in
 * its lines is stored, and lines that could not be read are reported by number 1 when a file was refused: another
 * format, none of its lines readable, a malformed line with --strict; files beside it are imported 130 when it was
 * stopped.
 */
import { parseArgs } from 'node:util';
import { FaultyConfig, readConfig } from '../server/config.ts';
import { importFile, ImportError, type ImportOptions, type Joiners } from '../server/imports/imports.ts';
import { refuseForeign } from '../server/imports/inspect.ts';
import { describe, progressLine } from '../server/imports/report.ts';
import { openDatabase, type Database } from '../server/kernel/database.ts';
import { EngineError } from '../server/engines/error.ts';
import { openEngines } from '../server/engines/engines.ts';
import { createLog } from '../server/kernel/log.ts';
import { prepareDatabase } from '../server/kernel/prepare-database.ts';
import { databaseFailure, named, ownerSetting, StartFailure } from '../server/start-failures.ts';

const usage = `Usage: npm run import -- <file>... [--source NAME] [--strict] [--members none|owners|everyone]

  <file>      lines of JSON in UTF-8, packed with gzip or not: id, channel, topic, sender, ts, text; bot, reply_to, thread, mentions, to where they apply
  --source    names where the files come from; files of one source share channels and people (default: each file's name)
  --strict    refuses a file with a malformed line before anything of it is stored (default: such lines are reported and passed over)
  --members   who of the house joins the channels: none, owners (default) or everyone`;

type Asked = { files: string[]; source: string | undefined; strict: boolean; members: Joiners };

function readArguments(): Asked | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        source: { type: 'string' },
        strict: { type: 'boolean', default: false },
        members: { type: 'string', default: 'owners' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help || positionals.length === 0) return usage;
    if (!['none', 'owners', 'everyone'].includes(values.members))
      return `--members: must be none, owners or everyone.\n\n${usage}`;
    return { files: positionals, source: values.source, strict: values.strict, members: values.members as Joiners };
  } catch (error) {
    return `${(error as Error).message}\n\n${usage}`;
  }
}

async function run(asked: Asked): Promise<number> {
  const stop = new AbortController();
  // Ctrl-C reaches us twice, from the terminal and from the launcher: asking once more means nothing.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const config = readConfig(process.env, (sentence) => console.error(sentence));
  // A file in another format is refused before any engine is started for it.
  const files: string[] = [];
  for (const file of asked.files) if (await isAccepted(() => refuseForeign(file))) files.push(file);
  if (files.length === 0) return 1;
  const engines = await openEngines({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl ?? undefined,
    ownerUrl: config.databaseOwnerUrl ?? undefined,
    clickhouseUrl: config.clickhouseUrl ?? undefined,
    onProgress: (sentence) => console.error(sentence),
  });
  try {
    await named(
      prepareDatabase(engines, (sentence) => console.error(sentence)),
      databaseFailure(ownerSetting(config), engines.ownerUrl),
    );
    const log = createLog('warn');
    const db = openDatabase(engines.databaseUrl, log, {
      poolSize: 2,
      directUrl: config.databaseDirectUrl,
    });
    try {
      let imported = 0;
      for (const file of files) {
        if (await isAccepted(() => importOne(db, file, asked, { log, signal: stop.signal }))) imported++;
        if (stop.signal.aborted) return 130;
      }
      return imported === asked.files.length ? 0 : 1;
    } finally {
      await db.close();
    }
  } finally {
    await engines.close();
  }
}

/** Whether a step on a file went through; why it did not is said, and the files after it have their turn. */
async function isAccepted(step: () => Promise<void>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    console.error(error.message);
    return false;
  }
}

async function importOne(
  db: Database,
  file: string,
  { source, strict, members }: Asked,
  options: Pick<ImportOptions, 'log' | 'signal'>,
): Promise<void> {
  const progress = progressLine(file.split('/').at(-1)!, process.stderr);
  try {
    const report = await importFile(db, file, {
      ...options,
      ...(source === undefined ? {} : { source }),
      strict,
      members,
      onProgress: progress.show,
    });
    progress.end();
    console.log(describe(report));
    if (report.unreadable !== null) throw new ImportError(report.unreadable);
  } finally {
    progress.end();
  }
}

const asked = readArguments();
if (typeof asked === 'string') {
  console.error(asked);
  process.exitCode = process.argv.includes('--help') ? 0 : 1;
} else {
  try {
    process.exitCode = await run(asked);
  } catch (error) {
    process.exitCode = 1;
    console.error(
      [ImportError, EngineError, FaultyConfig, StartFailure].some((kind) => error instanceof kind)
        ? (error as Error).message
        : error,
    );
  }
}
