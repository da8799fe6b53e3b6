import type { Client, ClientBase } from 'pg';
import type { Database } from '../kernel/database.ts';
import { createLog, type Logger } from '../kernel/log.ts';
import * as progress from '../tasks/progress.ts';
import { settlePlaces, settleSpeakers, type Room } from './arrivals.ts';
import { storeBatch } from './batch.ts';
import { ImportError, readSlices, sizeOf, sourceOf } from './files.ts';
import { refuseForeign, sayUnreadable } from './inspect.ts';
import { openToHouse, type Joiners } from './joining.ts';
import { MentionFinder } from './mentions.ts';
import { prepare, type Run, type Wish } from './run.ts';
import { keyOfSpeaker, shownProblems, survey, tryLine, type Problem, type Survey } from './survey.ts';
import { inRetriedTransaction, type Store } from './transaction.ts';

export { ImportError } from './files.ts';
export type { Joiners } from './joining.ts';

/*
 * History from elsewhere. A file's channels, people and messages become ours with their own times and in the file's order, numbered as if they
 * had been sent. Every id follows from the source and the id in the file, so that importing again stores nothing twice, and an import that was
 * stopped anywhere is completed by running it again. Watchers hear `message.imported` in place of `message.sent`: nobody is notified of the past.
 */

export type ImportOptions = {
  /** Names where the file comes from. Files of one source share their channels and people. Default: the file's name without endings. */
  source?: string;
  /** Refuses a file with a malformed line before anything is stored. */
  strict?: boolean;
  /** Who of the house joins the channels; owners by default. */
  members?: Joiners;
  /** Stops between two batches: what is stored stays, and the next run goes on from there. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Messages stored in one transaction. */
  batch?: number;
  /** Hears what went amiss and was mended. */
  log?: Logger;
};

/** `reading`: bytes of the file looked through; `storing`: messages of it dealt with. */
export type Progress = { stage: 'reading' | 'storing'; done: number; total: number };

export type ImportReport = {
  source: string;
  seconds: number;
  /** The signal stopped it before the end. */
  stopped: boolean;
  channels: { all: number; added: number };
  people: { all: number; added: number };
  joined: number;
  stored: number;
  already: number;
  malformed: number;
  refused: number;
  /** The first malformed and the first refused lines, in that order. */
  problems: Problem[];
  /** Why nothing was imported, as a sentence, when no line of the file could be read; null otherwise. */
  unreadable: string | null;
};

/**
 * Imports one file. Memory holds its people, its channels and one batch, never the file. Throws `ImportError` for what the operator can mend:
 * an unreadable file, one in another format, a malformed line with `strict`, a second import of the same source at the
 * same time. A file none of whose lines can be read is reported as `unreadable`. Nothing is stored of either.
 */
export async function importFile(db: Database, file: string, options: ImportOptions = {}): Promise<ImportReport> {
  const started = performance.now();
  const source = options.source ?? sourceOf(file);
  if (!/^[\p{L}\p{N}._-]{1,64}$/u.test(source))
    throw new ImportError(
      `The source’s name ${JSON.stringify(source)} may hold letters, digits and . _ - only, at most 64 of them: give one with --source.`,
    );
  await refuseForeign(file);
  const size = await sizeOf(file);
  const found = await survey(file, source, {
    ...options,
    onProgress: (bytes) => options.onProgress?.({ stage: 'reading', done: bytes, total: size }),
  });

  const seconds = () => (performance.now() - started) / 1_000;
  if (found.messages === 0 && !options.signal?.aborted) {
    const unreadable = await sayUnreadable(file, found.lines, found.problems[0]!);
    return { ...emptyReport(source, found), problems: found.problems, unreadable, seconds: seconds() };
  }

  const client = await db.client('import');
  try {
    await begin(client, source);
    const into = { client, log: options.log ?? createLog('silent') };
    const report = await asTask(client, source, (tell) => store(into, file, source, found, options, tell));
    return { ...report, unreadable: null, seconds: seconds() };
  } finally {
    await client.end();
  }
}

/** One import of a source at a time: two would number the same messages, and the second would wait on every lock of the first. */
async function begin(client: Client, source: string): Promise<void> {
  // Every statement touches a bounded number of rows by key. A freshly made table has no statistics, and a plan that scans it grows with it.
  await client.query(
    'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set statement_timeout = 0; set synchronous_commit = on',
  );
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(hashtext('parley import'), hashtext($1)) as locked`,
    [source],
  );
  if (!rows[0]!.locked) throw new ImportError(`${source} is being imported by another process at this moment.`);
  await client.query(
    `insert into import_runs (source) values ($1) on conflict (source) do update set started_at = now(), finished_at = null, skipped = 0, malformed = 0`,
    [source],
  );
}

/** The task centre shows the import, how far it is, and how it ended. */
async function asTask<R extends Report>(client: Client, source: string, work: (tell: Tell) => Promise<R>): Promise<R> {
  const task = await progress.beginByHand(client, { kind: 'import', name: source, by: 'import' });
  try {
    const report = await work((dealt, all) => progress.advance(client, task, dealt, all));
    const { stopped, stored, already, malformed, refused } = report;
    await progress.finish(client, task, stopped ? 'stopped' : 'done', { stored, already, malformed, refused });
    return report;
  } catch (error) {
    // The connection itself may be what failed; then the task shows by its silence.
    await progress
      .finish(client, task, 'failed', { message: 'The import failed; its command says why.' })
      .catch(() => undefined);
    throw error;
  }
}

type Report = Omit<ImportReport, 'seconds' | 'unreadable'>;
type Tell = (dealt: number, all: number) => Promise<void>;

async function store(
  into: Store,
  file: string,
  source: string,
  found: Survey,
  options: ImportOptions,
  tell: Tell,
): Promise<Report> {
  const report = { ...emptyReport(source, found), stopped: options.signal?.aborted ?? false };
  const refused: Problem[] = [];
  const finish = () => ({ ...report, problems: [...found.problems, ...refused] });
  if (report.stopped) return finish();

  const run = await settle(into, source, found, report);
  const grown = new Set<Room>();
  let dealt = 0;
  for await (const wanted of batchesOf(file, run, options.batch ?? 4_000)) {
    if (options.signal?.aborted) {
      report.stopped = true;
      break;
    }
    const result = await storeBatch(into, run, wanted);
    // The first batch fills tables that may have been empty: without a look at them its successors are planned for nothing being there.
    if (dealt === 0 && result.stored > 0) await analyze(into.client);
    report.stored += result.stored;
    report.already += result.already;
    report.refused += result.refused.length;
    refused.push(...result.refused.slice(0, shownProblems - refused.length));
    for (const room of result.rooms) grown.add(room);
    dealt += wanted.length;
    options.onProgress?.({ stage: 'storing', done: dealt, total: found.messages });
    await tell(dealt, found.messages);
  }
  if (!report.stopped) {
    report.joined = await openToHouse(into, [...run.rooms.values()], options.members ?? 'owners');
    await into.client.query(
      'update import_runs set finished_at = now(), skipped = $2, malformed = $3 where source = $1',
      [source, report.refused, report.malformed],
    );
  }
  // The chat is opened right after this: its queries should not be planned for empty tables.
  if (report.stored > 5_000) await analyze(into.client);
  return finish();
}

const emptyReport = (source: string, found: Survey) => ({
  source,
  stopped: false,
  channels: { all: found.places.size, added: 0 },
  people: { all: found.speakers.size, added: 0 },
  joined: 0,
  stored: 0,
  already: 0,
  malformed: found.malformed,
  refused: 0,
});

const analyze = (client: ClientBase) =>
  client.query('analyze users, conversations, members, messages, mentions, thread_follows');

/** People and channels first, in one act: whoever looks meanwhile sees rooms filling, never a message without its sender. */
async function settle(
  { client, log }: Store,
  source: string,
  found: Survey,
  report: Pick<ImportReport, 'people' | 'channels'>,
): Promise<Run> {
  const { speakers, places } = await inRetriedTransaction({ client, log }, async () => {
    const speakers = await settleSpeakers(client, source, found.speakers.values());
    const places = await settlePlaces(client, source, [...found.places.values()], speakers.ids, keyOfSpeaker);
    return { speakers, places };
  });
  report.people.added = speakers.added;
  report.channels.added = places.added;
  const named = [...found.speakers.values()]
    .filter(({ key }) => key !== 'unknown')
    .map(({ key, name }) => ({ name, id: speakers.ids.get(key)! }));
  return {
    source,
    people: speakers.ids,
    rooms: places.rooms,
    mentions: new MentionFinder(named),
    answered: found.answered,
    places: new Map(),
    undo: [],
  };
}

/** The file's messages in batches; the next is read and prepared while the store works on the one before. */
async function* batchesOf(file: string, run: Run, size: number): AsyncGenerator<Wish[]> {
  const batches = cutBatches(file, run, size);
  let next = batches.next();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = batches.next();
      // Awaited only at the next turn: a failure meanwhile must not count as unheard.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await next.catch(() => undefined);
    await batches.return(undefined);
  }
}

async function* cutBatches(file: string, run: Run, size: number): AsyncGenerator<Wish[], undefined> {
  let batch: Wish[] = [];
  for await (const slice of readSlices(file)) {
    for (const raw of slice.lines) {
      const line = tryLine(raw, () => undefined); // told by the survey
      if (!line) continue;
      batch.push(prepare(run, line));
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
