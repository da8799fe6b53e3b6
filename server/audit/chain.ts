import { now } from '../kernel/clock.ts';
import { canonicalEntry, entryColumns, type StoredEntry } from './canonical.ts';
import { chainHash, leafHash, merkleRoot, noHash } from './merkle.ts';
import type { Checkpoint, Line, Sql } from './statements.ts';

/** One sealed entry that no checkpoint covers yet. */
type Sealed = { hash: Buffer; leaf: Buffer };

/**
 * The end of the chain as the sealer holds it: the last position and hash, and what is sealed but not signed. It is kept in memory while the
 * sealer runs, so that rows changed between sealing and signing are signed as they were sealed.
 */
export type Chain = { position: number; hash: Buffer; unsigned: Sealed[]; since: number };

/**
 * Takes up the chain where it was left, whichever is further: the sealed entries or the last checkpoint. A position that was signed once is
 * never given out again. `gap` names positions that are signed but gone from the table.
 */
export async function takeUpChain(
  sql: Sql,
  checkpoint: Line | null,
): Promise<{ chain: Chain; gap: { from: number; to: number } | null }> {
  const signed = checkpoint?.statement as Checkpoint | undefined;
  const start = { position: signed?.last ?? 0, hash: signed ? Buffer.from(signed.head, 'hex') : noHash };
  const chain: Chain = { ...start, unsigned: [], since: now() };
  const [top] = await sql<{ position: number }>('select coalesce(max(position), 0) as position from audit_entries');
  if (top!.position < start.position) return { chain, gap: { from: top!.position + 1, to: start.position } };
  const rows = await sql<StoredEntry>(
    `select ${entryColumns} from audit_entries e where e.position > $1 order by e.position`,
    [start.position],
  );
  for (const row of rows) {
    // A hole in what was never signed cannot be filled: it is signed as a hole, and the verifier names it.
    while (chain.position + 1 < row.position!) extend(chain, chain.position + 1, chain.hash, leafHash(''));
    extend(chain, row.position!, row.hash!, leafHash(canonicalEntry(row)));
  }
  return { chain, gap: null };
}

function extend(chain: Chain, position: number, hash: Buffer, leaf: Buffer): void {
  chain.unsigned.push({ hash, leaf });
  chain.position = position;
  chain.hash = hash;
}

/**
 * Chains up to `limit` unsealed entries in (tx, id) order, inside a transaction; returns how many, and the chain as it is once that commits.
 *
 * Below the snapshot's xmin every transaction is decided, so nothing can still appear in front of what is sealed here. An entry that does
 * appear late (a restored database counts transactions anew) is unsealed still, and so is found: what is sealed is not remembered by a cursor.
 * Ids at or above the snapshot's xmax are no transaction of this cluster; they were committed in a former life and are taken at once.
 */
export async function sealEntries(sql: Sql, chain: Chain, limit: number): Promise<{ count: number; chain: Chain }> {
  const rows = await sql<StoredEntry>(
    `select ${entryColumns} from audit_entries e where e.position is null
       and (e.tx < pg_snapshot_xmin(pg_current_snapshot()) or e.tx >= pg_snapshot_xmax(pg_current_snapshot()))
     order by e.tx, e.id limit $1`,
    [limit],
  );
  if (rows.length === 0) return { count: 0, chain };
  const next: Chain = {
    ...chain,
    unsigned: [...chain.unsigned],
    since: chain.unsigned.length > 0 ? chain.since : now(),
  };
  const seals = rows.map((row) => {
    const canonical = canonicalEntry(row, next.position + 1);
    extend(next, next.position + 1, chainHash(next.hash, canonical), leafHash(canonical));
    return { id: row.id, position: next.position, hash: next.hash };
  });
  await sql(`select set_config('parley.sealing', 'on', true)`);
  await sql(
    `update audit_entries e set position = s.position, hash = s.hash from unnest($1::bigint[], $2::bigint[], $3::bytea[]) s (id, position, hash) where e.id = s.id`,
    [seals.map((seal) => seal.id), seals.map((seal) => seal.position), seals.map((seal) => seal.hash)],
  );
  return { count: rows.length, chain: next };
}

/** What a checkpoint says about the oldest `size` unsigned entries. */
export function checkpointOf(
  { position, unsigned }: Chain,
  size: number,
): Omit<Checkpoint, 'number' | 'at' | 'key' | 'previous'> {
  const batch = unsigned.slice(0, size);
  const first = position - unsigned.length + 1;
  const leaves = batch.map(({ leaf }) => leaf);
  return {
    kind: 'checkpoint',
    first,
    last: first + batch.length - 1,
    size: batch.length,
    root: merkleRoot(leaves).toString('hex'),
    head: batch.at(-1)!.hash.toString('hex'),
    marks: marksOf(leaves),
  };
}

export const marksOf = (leaves: readonly Buffer[]): string =>
  Buffer.concat(leaves.map((leaf) => leaf.subarray(0, 4))).toString('base64');
