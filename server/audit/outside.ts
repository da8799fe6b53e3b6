import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../kernel/log.ts';
import type { AuditPlace } from './keys.ts';
import { follows, publicKeysIn, readLine, storeLine, type Line, type Sql } from './statements.ts';

/*
 * The copy of every signed statement outside the database: `checkpoints.ndjson`, one line each, only ever added to and flushed to the disk.
 * It is what finds out a database that was cut, restored or written anew. Copy it elsewhere; give it to those who check you.
 */

export const outsideFile = (place: AuditPlace): string => path.join(place.outside, 'checkpoints.ndjson');

/**
 * Brings the file and the table together, inside a transaction that holds `lockStatements`.
 * 1. Usual case: the table is ahead by what was signed since, and that is appended.
 * 2. The file is ahead: the database is older than what was signed about it (a backup was restored, rows were deleted). Statements that
 *    rightly continue the table's line come back into it, so that positions once signed are never given out again. The log says so.
 * 3. The two contradict each other: both stay as they are, the table's lines are appended, and the verifier names the fork.
 * Returns the number of the last statement published.
 */
export async function publish(sql: Sql, place: AuditPlace, log: Logger): Promise<number> {
  await mkdir(place.outside, { recursive: true });
  const handle = await open(outsideFile(place), 'a+', 0o644);
  try {
    const { text, torn } = await lastLineOf(handle);
    const tail = text === null ? null : readLine(text);
    const known = tail
      ? (await sql<{ line: string }>('select line from audit_statements where number = $1', [tail.statement.number]))[0]
          ?.line
      : null;
    const missing =
      tail && !torn && known === tail.line
        ? await sql<{ number: number; line: string }>(
            'select number, line from audit_statements where number > $1 order by number',
            [tail.statement.number],
          )
        : await compare(sql, await readOutside(place), log);
    if (missing.length > 0) {
      await handle.appendFile(`${torn ? '\n' : ''}${missing.map(({ line }) => `${line}\n`).join('')}`);
      await handle.sync();
    }
    const [last] = await sql<{ number: number }>('select coalesce(max(number), 0) as number from audit_statements');
    return last!.number;
  } finally {
    await handle.close();
  }
}

/** The statements kept outside, in the order of the file. Lines that are none (torn by a crash) are left out. */
export async function readOutside(place: AuditPlace): Promise<Line[]> {
  const text = await readFile(outsideFile(place), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text
    .split('\n')
    .map(readLine)
    .filter((line) => line !== null);
}

/** Takes into the table what only the file has; returns what only the table has. */
async function compare(sql: Sql, outside: Line[], log: Logger): Promise<{ number: number; line: string }[]> {
  const rows = await sql<{ number: number; line: string }>('select number, line from audit_statements order by number');
  const inside = rows.map((row) => readLine(row.line)).filter((line) => line !== null);
  const keys = publicKeysIn([...inside, ...outside]);
  let last = inside.at(-1) ?? null;
  let restored = 0;
  for (const line of outside) {
    if (line.statement.number !== (last?.statement.number ?? 0) + 1 || !follows(line, last, keys)) continue;
    await storeLine(sql, line.statement, line.line);
    last = line;
    restored++;
  }
  if (restored > 0)
    log.error(
      { restored },
      'the audit log in the database is older than its signed statements outside: entries may be missing',
    );
  const published = new Set(outside.map(({ line }) => line));
  const contradicted = outside.filter(({ statement, line }) =>
    rows.some((row) => row.number === statement.number && row.line !== line),
  ).length;
  if (contradicted > 0)
    log.error({ contradicted }, 'signed statements about the audit log outside the database contradict those inside');
  return rows.filter(({ line }) => !published.has(line));
}

/** The last line of a file that may be long, and whether a crash cut it off. A line is far shorter than what is read here. */
async function lastLineOf(handle: Awaited<ReturnType<typeof open>>): Promise<{ text: string | null; torn: boolean }> {
  const { size } = await handle.stat();
  if (size === 0) return { text: null, torn: false };
  const length = Math.min(size, 65_536);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString('utf8');
  const torn = !text.endsWith('\n');
  return { text: text.trimEnd().split('\n').at(-1) ?? null, torn };
}
