/** Starts the ClickHouse child (clickhouse-child.ts) for the keeper and waits until it answers. */
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EngineError } from './error.ts';
import { nameProcess, stopProcess } from './process.ts';
import type { Run } from './keeper-engine.ts';
import { endOf } from './postgres.ts';

const LOG_LIMIT = 10 * 1024 * 1024;
const CLEAN_STOP = 30_000;
export const CLICKHOUSE_USER = 'parley';

export type ClickhouseOptions = { directory: string; logFile: string; port: number; secret: string };

/** The child's address in the form that ClickHouse's client takes. */
export const clickhouseUrl = (port: number, secret: string): string =>
  `http://${CLICKHOUSE_USER}:${secret}@127.0.0.1:${port}/default`;

/** Resolves when the child answers on its port. It ends when its input does, so it never outlives the keeper. */
export async function startClickhouse({ directory, logFile, port, secret }: ClickhouseOptions): Promise<Run> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700); // of an earlier version it may still be open
  mkdirSync(dirname(logFile), { recursive: true });
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  const script = fileURLToPath(new URL('clickhouse-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, '--data', directory, '--port', String(port)], {
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  child.stdin!.on('error', () => {});
  child.stdin!.write(secret + '\n'); // not as an argument: those are for everybody on the machine to read
  const ended = endOf(child);
  const named = child.pid === undefined ? null : nameProcess(child.pid);
  const ready = new Promise<'ready'>((resolve) =>
    createInterface({ input: child.stdout! }).once('line', () => resolve('ready')),
  );
  const outcome = await Promise.race([ready, ended]);
  if (outcome !== 'ready' || !named)
    throw new EngineError(
      'clickhouse_start_failed',
      `The embedded ClickHouse did not start (${outcome}); see ${logFile}.`,
      'machine',
    );
  return { process: named, ended, stop: () => stopProcess(named, ['SIGTERM'], CLEAN_STOP) };
}
