import { conflict, malformed, notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { noteReading } from './readings.ts';
import { canonicalEntry, entryColumns, type StoredEntry } from './canonical.ts';
import { inclusionPath, leafHash, merkleRoot } from './merkle.ts';
import { publicPem } from './keys.ts';
import type { Checkpoint, Line, Sql } from './statements.ts';
import { lastStatement, publicKeysIn, readLine } from './statements.ts';

/** One entry with what is needed to prove it: `text` is the file `verify-audit --proof` reads. */
export type EntryProof = {
  position: number;
  checkpoint: number;
  /** Whether the entry as it stands is what was signed. When not, the log was altered. */
  holds: boolean;
  text: string;
};

/**
 * Proves a single line: the entry, its way up the Merkle tree of its batch, the signed checkpoint, and the statements that hand one key over to
 * the next, so that any public key of the log's life will do. Needs `audit.read`; reading it is audited.
 * An entry that is not signed yet is a `conflict`: within a minute it will be.
 */
export async function entryProof(work: Work, position: number): Promise<EntryProof> {
  work.require('audit.read');
  if (!Number.isSafeInteger(position) || position < 1)
    throw malformed('A position of the audit log is a whole number from 1.');
  noteReading(work, { proofOf: position });
  const checkpoint = await checkpointOver(work.sql, position);
  if (!checkpoint) {
    const [entry] = await work.sql('select 1 from audit_entries where position = $1', [position]);
    if (!entry) throw notFound('audit entry');
    throw conflict(`Entry ${position} is sealed, but not signed yet. Try again in a minute.`);
  }
  const { first, last, size, root, number } = checkpoint.statement as Checkpoint;
  const rows = await work.sql<StoredEntry>(
    `select ${entryColumns} from audit_entries e where e.position between $1 and $2 order by e.position`,
    [first, last],
  );
  const texts = new Map(rows.map((row) => [row.position!, canonicalEntry(row)]));
  const text = texts.get(position);
  if (!text) throw notFound('audit entry');
  const leaves = Array.from({ length: size }, (_, index) => leafHash(texts.get(first + index) ?? ''));
  const path = inclusionPath(leaves, position - first).map((hash) => hash.toString('hex'));
  const handovers = await handoversOf(work.sql);
  const lines = [checkpoint, ...handovers].map(({ line }) => line);
  const keys = [...publicKeysIn(handovers)].map(([id, publicKey]) => ({ id, publicKey }));
  return {
    position,
    checkpoint: number,
    holds: merkleRoot(leaves).toString('hex') === root,
    text: `{"proof":"parley-audit-1","index":${position - first},"size":${size},"path":${JSON.stringify(path)},"keys":${JSON.stringify(keys)},"lines":${JSON.stringify(lines)},"entry":${JSON.stringify(text)}}\n`,
  };
}

async function checkpointOver(sql: Sql, position: number): Promise<Line | null> {
  const [row] = await sql<{ line: string }>(
    'select line from audit_statements where last_position >= $1 and first_position <= $1 order by last_position limit 1',
    [position],
  );
  return row ? readLine(row.line) : null;
}

/** The statements that say which keys the log has had. */
async function handoversOf(sql: Sql): Promise<Line[]> {
  const rows = await sql<{ line: string }>(
    `select line from audit_statements where kind <> 'checkpoint' order by number`,
  );
  return rows.map(({ line }) => readLine(line)).filter((line) => line !== null);
}

/** A public key of the log as auditors are given it. */
export type PublicKey = { id: string; pem: string; current: boolean };

/** Every public key the log was ever signed with, the latest last. Needs `audit.read`. */
export async function publicKeys(work: Work): Promise<PublicKey[]> {
  work.require('audit.read');
  const keys = [...publicKeysIn(await handoversOf(work.sql))];
  return keys.map(([id, publicKey], at) => ({ id, pem: publicPem(publicKey), current: at === keys.length - 1 }));
}

/** How far the log is sealed and signed, for the page that shows it. Needs `audit.read`. */
export async function sealState(work: Work): Promise<{
  sealed: number;
  signed: number;
  unsealed: number;
  unsealedSince: Date | null;
  checkpointAt: string | null;
  keyId: string | null;
}> {
  work.require('audit.read');
  const [log] = await work.sql<{ sealed: number; unsealed: number; unsealedSince: Date | null }>(
    `select (select coalesce(max(position), 0) from audit_entries) as sealed, count(*) as unsealed, min(at) as "unsealedSince" from audit_entries where position is null`,
  );
  const last = await lastStatement(work.sql);
  const checkpoint = (await lastStatement(work.sql, 'checkpoint'))?.statement as Checkpoint | undefined;
  const keyId = last ? (last.statement.kind === 'rotation' ? last.statement.next : last.statement.key) : null;
  return { ...log!, signed: checkpoint?.last ?? 0, checkpointAt: checkpoint?.at ?? null, keyId };
}
