import type { ClientBase } from 'pg';
import { now } from '../kernel/clock.ts';
import { canonicalJson } from './canonical.ts';
import { keyId, makeKey, readKey, signedBy, unusedKey, type AuditPlace, type SigningKey } from './keys.ts';
import { noHash, sha256 } from './merkle.ts';

/*
 * What the house signs about its audit log: one numbered line of statements, each naming the hash of the one before. A reader who trusts one key
 * of the line can follow it forwards (a rotation is signed by the old key) and backwards (what a trusted statement links to is what was).
 */

/** `at` is UTC with milliseconds; hashes are hex; `key` names who signs; `previous` is the SHA-256 of the statement before, or zeros. */
type Common = { number: number; at: string; key: string; previous: string };

export type Beginning = Common & { kind: 'beginning'; publicKey: string };

/**
 * Entries `first` to `last`, `size` of them: the root over their leaves, and the chained hash of the last. `marks` are the first four bytes of
 * each leaf, in base64: they prove nothing the root does not, but tell which entry of a batch is not what it was.
 */
export type Checkpoint = Common & {
  kind: 'checkpoint';
  first: number;
  last: number;
  size: number;
  root: string;
  head: string;
  marks: string;
};

/** `next` takes over from `key`. Signed by the old key and accepted by the new one; without the old signature where that key was lost. */
export type Rotation = Common & { kind: 'rotation'; next: string; publicKey: string };

export type Statement = Beginning | Checkpoint | Rotation;

/** A statement as it is stored and published: `{"signature":…,"statement":{…}}`, with `accepted` in front for a rotation. */
export type Line = {
  statement: Statement;
  text: string;
  line: string;
  signature: string | null;
  accepted: string | null;
};

/** Runs SQL in somebody's transaction. */
export type Sql = <Row>(text: string, params?: unknown[]) => Promise<Row[]>;

export const sqlOf =
  (client: Pick<ClientBase, 'query'>): Sql =>
  async <Row>(text: string, params: unknown[] = []) =>
    (await client.query(text, params)).rows as Row[];

/** Writers of statements take turns: the number and the link of the next one depend on the last. */
export const lockStatements = (sql: Sql): Promise<unknown> =>
  sql(`select pg_advisory_xact_lock(hashtext('parley audit'), hashtext('statements'))`);

/** The last statement of the log; with `kind`, the last of that kind. */
export async function lastStatement(sql: Sql, kind: Statement['kind'] | null = null): Promise<Line | null> {
  const [row] = await sql<{ line: string }>(
    'select line from audit_statements where $1::text is null or kind = $1 order by number desc limit 1',
    [kind],
  );
  return row ? readLine(row.line) : null;
}

/** Signs and stores the next statement, inside a transaction that holds `lockStatements`. */
export async function appendStatement(
  sql: Sql,
  key: SigningKey,
  last: Line | null,
  facts: Facts,
  handover?: Handover,
): Promise<Line> {
  const line = signStatement(key, last, facts, handover);
  await storeLine(sql, line.statement, line.line);
  return line;
}

/** The successor of a rotation, who accepts it. `unsigned`: the old key is lost and cannot sign. */
type Handover = { accept: SigningKey; unsigned?: boolean };

/** Signs what comes after `last`. */
export function signStatement(
  key: Pick<SigningKey, 'id' | 'sign'>,
  last: Line | null,
  facts: Facts,
  handover?: Handover,
): Line {
  const statement = {
    ...facts,
    number: (last?.statement.number ?? 0) + 1,
    at: new Date(now()).toISOString(),
    key: key.id,
    previous: (last ? sha256(last.text) : noHash).toString('hex'),
  } as Statement;
  const text = canonicalJson(statement);
  const accepted = handover ? handover.accept.sign(text) : null;
  const signature = handover?.unsigned ? null : key.sign(text);
  const line = `{${accepted === null ? '' : `"accepted":"${accepted}",`}"signature":${JSON.stringify(signature)},"statement":${text}}`;
  return { statement, text, line, signature, accepted };
}

type Facts = Omit<Beginning, keyof Common> | Omit<Checkpoint, keyof Common> | Omit<Rotation, keyof Common>;

export async function storeLine(sql: Sql, statement: Statement, line: string): Promise<void> {
  const range = statement.kind === 'checkpoint' ? [statement.first, statement.last] : [null, null];
  await sql(
    'insert into audit_statements (number, kind, first_position, last_position, line) values ($1, $2, $3, $4, $5)',
    [statement.number, statement.kind, ...range, line],
  );
}

/** Takes a published line apart, or answers null for what is none. */
export function readLine(line: string): Line | null {
  try {
    const at = line.indexOf('"statement":') + '"statement":'.length;
    const text = line.slice(at, -1);
    const { signature, accepted, statement } = JSON.parse(line) as {
      signature: string | null;
      accepted?: string;
      statement: Statement;
    };
    if (!Number.isSafeInteger(statement.number) || canonicalJson(statement) !== text) return null;
    return { statement, text, line, signature, accepted: accepted ?? null };
  } catch {
    return null;
  }
}

/** The id of the key that signs what follows `last`. */
export const keyAfter = (last: Line): string =>
  last.statement.kind === 'rotation' ? last.statement.next : last.statement.key;

/** The key to sign with after `last`. Throws a sentence for the operator when this machine does not hold it. */
export function signingKey(place: AuditPlace, last: Line): SigningKey {
  const id = keyAfter(last);
  const key = readKey(place, id);
  if (!key)
    throw new Error(
      `The audit log is signed with the key ${id}, and ${place.keys} does not hold it. Bring the directory back, or replace a lost key on purpose.`,
    );
  return key;
}

/** The first statement of a new log, made with the key of this machine. Answers the last statement when there is one already. */
export async function beginStatements(sql: Sql, place: AuditPlace): Promise<Line> {
  const last = await lastStatement(sql);
  if (last) return last;
  const key = unusedKey(place) ?? makeKey(place);
  return appendStatement(sql, key, null, { kind: 'beginning', publicKey: key.publicKey });
}

/** Whether `line` may follow `before`: its number, its link, its signer and its signature are right. */
export function follows(line: Line, before: Line | null, publicKeys: ReadonlyMap<string, string>): boolean {
  const { statement } = line;
  const signer = before
    ? publicKeys.get(keyAfter(before))
    : statement.kind === 'beginning'
      ? statement.publicKey
      : undefined;
  return (
    statement.number === (before?.statement.number ?? 0) + 1 &&
    statement.previous === (before ? sha256(before.text) : noHash).toString('hex') &&
    signer !== undefined &&
    keyId(Buffer.from(signer, 'base64')) === statement.key &&
    line.signature !== null &&
    signedBy(signer, line.text, line.signature)
  );
}

/** The public keys that a line of statements names, by id. */
export function publicKeysIn(lines: readonly Line[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { statement } of lines) {
    if (statement.kind === 'beginning') keys.set(statement.key, statement.publicKey);
    if (statement.kind === 'rotation') keys.set(statement.next, statement.publicKey);
  }
  return keys;
}
