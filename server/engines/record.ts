/**
 * What `engines.json` in the data directory says: which keeper lives, where its engines listen, and the secret
 * that opens them. Readable by its owner alone. It outlives the keeper: the next one takes the secret and, where
 * it can, the ports from it, so that addresses stay the same over restarts.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessName } from './process.ts';

export type EngineRecord = {
  port: number;
  url: string;
  /**
   * PostgreSQL only: the address of the role that owns the tables. `url` is the application's role, which is no
   * superuser.
   */
  ownerUrl?: string;
  process: ProcessName | null;
};

export type EnginesRecord = {
  version: 1;
  /** Null while no keeper runs, so that nobody attaches to one that is on its way out. */
  keeper: { process: ProcessName; port: number } | null;
  secret: string;
  postgres: EngineRecord | null;
  clickhouse: EngineRecord | null;
};

/** Reads the record; null when there is none or it cannot be understood (it is then written anew). */
export function readRecord(dataDir: string): EnginesRecord | null {
  try {
    const record = JSON.parse(readFileSync(join(dataDir, 'engines.json'), 'utf8')) as EnginesRecord;
    return record.version === 1 && typeof record.secret === 'string' ? record : null;
  } catch {
    return null;
  }
}

/** Replaces the record in one step: a reader sees the old one or the new one, never half of it. */
export function writeRecord(dataDir: string, record: EnginesRecord): void {
  const path = join(dataDir, 'engines.json');
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(record, null, 2) + '\n', { mode: 0o600 });
  renameSync(beside, path);
}

/** 192 random bits that need no escaping in an address. */
export const newSecret = (): string => randomBytes(24).toString('hex');
