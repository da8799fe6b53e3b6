/**
 * npm run import -- <file>... [--source NAME] [--strict] [--members none|owners|everyone]
 *
 * Imports history from lines of JSON (.ndjson, .ndjson.gz) beside a running server or without one. Ctrl-C stops between two batches; running the
 * same command again completes it. Ends with 0 when everything was dealt with, 1 when something kept it from that, 130 when it was stopped.
 */
import { parseArgs } from 'node:util';
import { FaultyConfig, readConfig } from '../server/config.ts';
import { importFile, ImportError, type Joiners } from '../server/imports/imports.ts';
import { describe, progressLine } from '../server/imports/report.ts';
import { openDatabase } from '../server/kernel/database.ts';
import { EngineError } from '../server/engines/error.ts';
import { openEngines } from '../server/engines/engines.ts';
import { createLog } from '../server/kernel/log.ts';
import { prepareDatabase } from '../server/kernel/prepare-database.ts';

const usage = `Usage: npm run import -- <file>... [--source NAME] [--strict] [--members none|owners|everyone]

  <file>      lines of JSON, packed (.gz) or not: id, channel, topic, sender, ts, text; bot, reply_to, thread, mentions, to where they apply
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

async function run({ files, source, strict, members }: Asked): Promise<number> {
  const stop = new AbortController();
  // Ctrl-C reaches us twice, from the terminal and from the launcher: asking once more means nothing.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const config = readConfig(process.env, (sentence) => console.error(sentence));
  const engines = await openEngines({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl ?? undefined,
    ownerUrl: config.databaseOwnerUrl ?? undefined,
    clickhouseUrl: config.clickhouseUrl ?? undefined,
    onProgress: (sentence) => console.error(sentence),
  });
  try {
    await prepareDatabase(engines, (sentence) => console.error(sentence));
    const log = createLog('warn');
    const db = openDatabase(engines.databaseUrl, log, {
      poolSize: 2,
      directUrl: config.databaseDirectUrl,
    });
    try {
      for (const file of files) {
        const progress = progressLine(file.split('/').at(-1)!, process.stderr);
        try {
          const report = await importFile(db, file, {
            ...(source === undefined ? {} : { source }),
            strict,
            members,
            log,
            signal: stop.signal,
            onProgress: progress.show,
          });
          progress.end();
          console.log(describe(report));
        } finally {
          progress.end();
        }
        if (stop.signal.aborted) return 130;
      }
      return 0;
    } finally {
      await db.close();
    }
  } finally {
    await engines.close();
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
      error instanceof ImportError || error instanceof EngineError || error instanceof FaultyConfig
        ? error.message
        : error,
    );
  }
}
