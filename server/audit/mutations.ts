import { generateKeyPairSync } from 'node:crypto';
import { canonicalEntry, canonicalJson, type StoredEntry } from './canonical.ts';
import { checkpointOf, type Chain } from './chain.ts';
import { signerOf, type SigningKey } from './keys.ts';
import { chainHash, leafHash, noHash, sha256 } from './merkle.ts';
import { readLine, signStatement, type Line } from './statements.ts';

/*
 * What somebody with all rights over the database can do to the audit log, as functions from one log to another. They are as clever as they can
 * be without the private key: hashes are worked out anew, numbers closed up, statements cut together with what they cover.
 */

/** A log as the tables hold it. */
export type Log = { rows: StoredEntry[]; statements: string[] };
export type Dice = { below(n: number): number; pick<T>(list: readonly T[]): T };
/** The altered log, and the position the verifier should name first; null where a whole batch or the line of statements is at fault. */
export type Mutated = { log: Log; names: number | null };
export type Mutation = (log: Log, dice: Dice, key: SigningKey) => Mutated;

/** Reproducible randomness (mulberry32). */
export function diceOf(seed: number): Dice {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)]! };
}

/** The lines of an export of this log, with a digest that fits. */
export function exportOf({ rows, statements }: Log): (string | Buffer)[] {
  const head = [
    `{"manifest":${canonicalJson({ format: 'parley-audit-1', from: 1, to: rows.length, previous: noHash.toString('hex'), unsealed: 0, unsealedSince: null })}}`,
    ...statements,
  ];
  const digest = sha256(head.map((line) => `${line}\n`).join('')).toString('hex');
  return [
    ...head,
    ...rows.map(lineOf),
    `{"end":${canonicalJson({ entries: rows.length, sha256: digest, statements: statements.length })}}`,
  ];
}

/** Canonical texts and lines are made once a row: there are millions to be checked. */
const texts = new WeakMap<StoredEntry, string>();
const lines = new WeakMap<StoredEntry, Buffer>();

function textOf(row: StoredEntry): string {
  const text = texts.get(row) ?? canonicalEntry(row);
  texts.set(row, text);
  return text;
}

function lineOf(row: StoredEntry): Buffer {
  const line = lines.get(row) ?? Buffer.from(`{"hash":"${row.hash!.toString('hex')}","entry":${textOf(row)}}`);
  lines.set(row, line);
  return line;
}

/** A row at another position: its text differs in that alone. */
function movedTo(row: StoredEntry, position: number, hashAfter: (text: string) => Buffer): StoredEntry {
  const written = `,"position":${row.position},`;
  const old = textOf(row);
  const at = old.lastIndexOf(written);
  const text =
    row.position === position ? old : `${old.slice(0, at)},"position":${position},${old.slice(at + written.length)}`;
  const moved = { ...row, position, hash: hashAfter(text) };
  texts.set(moved, text);
  return moved;
}

const edits: { [K in keyof StoredEntry]?: (row: StoredEntry, dice: Dice) => Partial<StoredEntry> } = {
  tx: ({ tx }) => ({ tx: String(Number(tx) + 1) }),
  id: ({ id }) => ({ id: id + 1_000_000 }),
  at: ({ at }, dice) => ({
    at: at.replace(
      /\.(\d{6})Z/,
      (_, micros: string) => `.${String((Number(micros) + 1 + dice.below(900_000)) % 1_000_000).padStart(6, '0')}Z`,
    ),
  }),
  actorId: ({ actorId }) => ({ actorId: actorId === null ? '01890000-0000-7000-8000-000000000000' : null }),
  actorName: ({ actorName }, dice) => ({ actorName: flip(actorName, dice) }),
  action: ({ action }, dice) => ({ action: flip(action, dice) }),
  outcome: ({ outcome }) => ({ outcome: outcome === 'done' ? 'refused' : 'done' }),
  targetKind: ({ targetKind }, dice) => ({ targetKind: targetKind === null ? 'user' : flip(targetKind, dice) }),
  targetId: ({ targetId }, dice) => ({ targetId: targetId === null ? '' : flip(targetId, dice) }),
  targetName: ({ targetName }) => ({ targetName: targetName === null ? 'Somebody' : null }),
  before: ({ before }) => ({ before: before === null ? 'null' : null }),
  after: ({ after }) => ({
    after:
      after === null
        ? '{}'
        : after.includes('1234567890.123456789')
          ? after.replace('90.123456789', '90.123456788')
          : null,
  }),
  reason: ({ reason }) => ({ reason: reason === null ? '' : null }),
  count: ({ count }) => ({ count: count + 1 }),
  door: ({ door }, dice) => ({ door: flip(door ?? '', dice) }),
  address: ({ address }, dice) => ({ address: flip(address ?? '', dice) }),
  requestId: ({ requestId }, dice) => ({ requestId: flip(requestId ?? '', dice) }),
  previewToken: ({ previewToken }) => ({ previewToken: previewToken === null ? 'preview-0' : null }),
  hash: ({ hash }, dice) => ({ hash: flipBit(hash!, dice) }),
};
export const fields = Object.keys(edits) as (keyof StoredEntry)[];

/** One bit of one letter. */
function flip(text: string, dice: Dice): string {
  if (text === '') return 'x';
  const at = dice.below(text.length);
  const code = text.charCodeAt(at);
  return `${text.slice(0, at)}${code < 128 && code > 32 ? String.fromCharCode(code ^ 1) : 'x'}${text.slice(at + 1)}`;
}

function flipBit(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes);
  const at = dice.below(copy.length);
  copy[at] = copy[at]! ^ (1 << dice.below(8));
  return copy;
}

const editAt = (row: StoredEntry, dice: Dice, field = dice.pick(fields)): StoredEntry => ({
  ...row,
  ...edits[field]!(row, dice),
});
const withRows = (log: Log, rows: StoredEntry[]): Log => ({ ...log, rows });

/** Numbers rows from index `from` on anew and hashes them again, as the sealer would have. */
export function rechain(log: Log, rows: StoredEntry[], from: number): Log {
  let hash = from > 0 ? rows[from - 1]!.hash! : noHash;
  const chained = rows
    .slice(from)
    .map((row, offset) => movedTo(row, from + offset + 1, (text) => (hash = chainHash(hash, text))));
  return { ...log, rows: [...rows.slice(0, from), ...chained] };
}

const lastOf = (line: string): number => {
  const { statement } = readLine(line)!;
  return statement.kind === 'checkpoint' ? statement.last : 0;
};
const cutStatements = (statements: string[], position: number): string[] => {
  const first = statements.findIndex((line) => lastOf(line) > position);
  return first < 0 ? statements : statements.slice(0, first);
};

/** Statements from the first of `statements` that covers more than `rows` onwards, made by whoever holds `key`. */
export function signOn(rows: StoredEntry[], kept: string[], key: SigningKey, batch: () => number): string[] {
  const signedLines: Line[] = kept.map((line) => readLine(line)!);
  if (signedLines.length === 0)
    signedLines.push(signStatement(key, null, { kind: 'beginning', publicKey: key.publicKey }));
  let signed = Math.max(0, ...signedLines.map(({ line }) => lastOf(line)));
  while (signed < rows.length) {
    const part = rows.slice(signed, signed + batch());
    const chain: Chain = {
      position: signed + part.length,
      hash: part.at(-1)!.hash!,
      since: 0,
      unsigned: part.map((row) => ({ hash: row.hash!, leaf: leafHash(textOf(row)) })),
    };
    signedLines.push(signStatement(key, signedLines.at(-1)!, checkpointOf(chain, part.length)));
    signed += part.length;
  }
  return signedLines.map(({ line }) => line);
}

export const strangeKey = (): SigningKey => signerOf(generateKeyPairSync('ed25519').privateKey);

export const mutations: Record<string, Mutation> = {
  'edit of one field'(log, dice) {
    const at = dice.below(log.rows.length);
    return { log: withRows(log, log.rows.with(at, editAt(log.rows[at]!, dice))), names: at + 1 };
  },
  deletion(log, dice) {
    const at = dice.below(log.rows.length - 1);
    const many = dice.pick([1, 1, 2, 30]);
    return { log: withRows(log, log.rows.toSpliced(at, Math.min(many, log.rows.length - 1 - at))), names: at + 1 };
  },
  'deletion, closed up'(log, dice) {
    const at = dice.below(log.rows.length);
    return { log: rechain(log, log.rows.toSpliced(at, 1), at), names: at + 1 };
  },
  insertion(log, dice) {
    const at = 1 + dice.below(log.rows.length - 1);
    const forged = {
      ...editAt(log.rows[at]!, dice, 'actorName'),
      id: 9_000_000,
      position: dice.pick([at, at + 1, 0, -5]),
    };
    const rows = [...log.rows, forged].sort((a, b) => a.position! - b.position! || a.id - b.id);
    return { log: withRows(log, rows), names: forged.position < 1 ? 1 : forged.position + 1 };
  },
  'insertion, closed up'(log, dice) {
    const at = dice.below(log.rows.length);
    return {
      log: rechain(log, log.rows.toSpliced(at, 0, { ...editAt(log.rows[at]!, dice, 'actorName'), id: 9_000_000 }), at),
      names: at + 1,
    };
  },
  reorder(log, dice) {
    const [a, b] = twoPlaces(log, dice);
    const [one, other] = [log.rows[a]!, log.rows[b]!];
    // With their hashes, without them, or as lines of the file that changed places.
    const swapped = dice.pick([
      () => log.rows.with(a, { ...other, position: a + 1 }).with(b, { ...one, position: b + 1 }),
      () =>
        log.rows
          .with(a, { ...other, position: a + 1, hash: one.hash })
          .with(b, { ...one, position: b + 1, hash: other.hash }),
      () => log.rows.with(a, other).with(b, one),
    ])();
    return { log: withRows(log, swapped), names: a + 1 };
  },
  'reorder, closed up'(log, dice) {
    const [a, b] = twoPlaces(log, dice);
    return { log: rechain(log, log.rows.with(a, log.rows[b]!).with(b, log.rows[a]!), a), names: a + 1 };
  },
  duplication(log, dice) {
    const at = dice.below(log.rows.length);
    return { log: withRows(log, log.rows.toSpliced(at + 1, 0, { ...log.rows[at]! })), names: at + 2 };
  },
  'duplication, closed up'(log, dice) {
    const at = dice.below(log.rows.length - 1);
    return {
      log: rechain(log, log.rows.toSpliced(at + 1, 0, { ...log.rows[at]!, id: 9_000_000 }), at + 1),
      names: at + 2,
    };
  },
  'tail cut'(log, dice) {
    const keep = dice.below(log.rows.length);
    return {
      log: { ...log, rows: log.rows.slice(0, keep), statements: cutStatements(log.statements, keep) },
      names: keep + 1,
    };
  },
  'edit and rehash'(log, dice) {
    const at = dice.below(log.rows.length);
    return {
      log: rechain(
        log,
        log.rows.with(at, editAt(log.rows[at]!, dice, dice.pick(fields.filter((field) => field !== 'hash')))),
        at,
      ),
      names: at + 1,
    };
  },
  'edit, rehash, sign anew'(log, dice) {
    const at = dice.below(log.rows.length);
    const rewritten = rechain(log, log.rows.with(at, editAt(log.rows[at]!, dice, 'reason')), at);
    const kept = dice.pick([[], cutStatements(log.statements, at)]);
    return { log: { ...rewritten, statements: signOn(rewritten.rows, kept, strangeKey(), () => 400) }, names: null };
  },
  'return to an older state'(log, dice) {
    const kept = log.statements.slice(0, 1 + dice.below(log.statements.length - 1));
    const keep = Math.max(0, ...kept.map(lastOf));
    return {
      log: { ...log, rows: log.rows.slice(0, keep), statements: kept },
      names: keep === log.rows.length ? null : keep + 1,
    };
  },
  'fork with the true key'(log, dice, key) {
    const rotated = log.statements.findLastIndex((line) => readLine(line)!.statement.kind === 'rotation');
    const kept = log.statements.slice(0, rotated + 1 + dice.below(log.statements.length - rotated - 1));
    const keep = Math.max(0, ...kept.map(lastOf));
    const other = rechain(log, log.rows.with(keep, editAt(log.rows[keep]!, dice, 'reason')), keep);
    return { log: { ...other, statements: signOn(other.rows, kept, key, () => 400) }, names: null };
  },
  'a bit of a statement'(log, dice) {
    const at = dice.below(log.statements.length);
    const line = Buffer.from(log.statements[at]!);
    const from = line.indexOf('"statement"');
    line[from + dice.below(line.length - from)]! ^= 1 << dice.below(7);
    return {
      log: { ...log, statements: log.statements.with(at, line.toString('latin1').replaceAll('\n', ' ')) },
      names: null,
    };
  },
  'a statement gone'(log, dice) {
    return { log: { ...log, statements: log.statements.toSpliced(dice.below(log.statements.length), 1) }, names: null };
  },
};

function twoPlaces(log: Log, dice: Dice): [number, number] {
  const a = dice.below(log.rows.length - 1);
  const b = dice.pick([a + 1, a + 1 + dice.below(log.rows.length - a - 1)]);
  return [a, b];
}
