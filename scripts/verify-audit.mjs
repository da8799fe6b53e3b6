#!/usr/bin/env node
/*
 * Checks an exported audit log of Parley, offline: one file, no dependencies, Node 20 or newer. It trusts nothing but the public key it is
 * given and, if there, the statements kept outside the database; everything else it works out anew from the bytes. docs/audit.md describes
 * the files and what can and cannot be found.
 *
 *   node verify-audit.mjs EXPORT --key PUBLIC_KEY [--checkpoints FILE] [--from N] [--to N] [--lost A-B]
 *   node verify-audit.mjs --proof FILE --key PUBLIC_KEY [--checkpoints FILE]
 *
 * EXPORT         the exported file, or a directory of *.ndjson files that together are one
 * --key          a trusted public key: a PEM file, or its 32 bytes in base64 or hex; may be given several times
 * --checkpoints  the copy of checkpoints.ndjson kept outside the database; finds cut tails, rollbacks and logs written anew
 * --from, --to   the part that was asked for, if not the whole log; it may come widened to whole checkpoints
 * --lost A-B     entries known to be lost (a backup was restored); may be given several times
 * --json         the report as JSON
 *
 * Ends with 0 (OK): everything is as it was signed; 1 (NOT OK): something is not, the first of it is named; 2: nothing
 * could be checked; 3 (NOT PROVEN): nothing is wrong in itself, but more could have been written anew than the server
 * ever leaves unsigned, or there is no copy from outside to compare with.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const FORMAT = 'parley-audit-1';
const NO_HASH = Buffer.alloc(32);
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
/** So many entries behind the first bad one are looked at to say what happened to it. */
const AHEAD = 1_100;
/**
 * What the server may leave unsigned (SECURITY.md): so many entries, or so long, by the entries' own times. Signing
 * itself takes a moment.
 */
const MOST_UNSIGNED = 1_000;
const LONGEST_UNSIGNED_MS = 60_000;
const SIGNING_MS = 5_000;

// ── hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────

const sha256 = crypto.hash
  ? (bytes) => crypto.hash('sha256', bytes, 'buffer')
  : (bytes) => crypto.createHash('sha256').update(bytes).digest();
const leafOf = (bytes) => hashOf(LEAF, bytes);

/** SHA-256 of one short and one longer run of bytes, put together in a place that is used again: this is done twice an entry. */
let scratch = Buffer.alloc(65_536);
function hashOf(head, bytes) {
  const length = head.length + bytes.length;
  if (length > scratch.length) scratch = Buffer.alloc(length * 2);
  head.copy(scratch);
  bytes.copy(scratch, head.length);
  return sha256(scratch.subarray(0, length));
}

/** RFC 6962 §2.1: an uneven tree is split at the largest power of two below its size. */
function rootOf(leaves, from = 0, to = leaves.length) {
  if (to - from === 1) return leaves[from];
  let half = 1;
  while (half * 2 < to - from) half *= 2;
  return sha256(Buffer.concat([NODE, rootOf(leaves, from, from + half), rootOf(leaves, from + half, to)]));
}

/** The root that a leaf and its path lead to, or null when the path does not fit the place (RFC 9162 §2.1.3.2). */
function climb(leaf, index, size, hashes) {
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of hashes) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = sha256(Buffer.concat([NODE, sibling, hash]));
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = sha256(Buffer.concat([NODE, hash, sibling]));
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A key is named by the first 16 bytes of the SHA-256 of its 32 public bytes. */
const idOf = (raw) => sha256(raw).toString('hex').slice(0, 32);
const keyOf = (raw) => ({
  id: idOf(raw),
  raw,
  key: crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' }),
});

/** The same statement comes with the export and from outside: its signature is worked out once. */
const judged = new Map();
function isSigned(key, bytes, signature) {
  if (typeof signature !== 'string') return false;
  const name = `${key.id} ${signature} ${sha256(bytes).toString('hex')}`;
  if (!judged.has(name)) judged.set(name, crypto.verify(null, bytes, key.key, Buffer.from(signature, 'base64')));
  return judged.get(name);
}

/** Reads a trusted key: PEM text, or 32 bytes in hex or base64. Throws when it is none. */
export function readPublicKey(text) {
  const bare = text.trim();
  if (bare.includes('-----BEGIN')) {
    const key = crypto.createPublicKey(bare);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('The trusted key is not an Ed25519 key.');
    return keyOf(Buffer.from(key.export({ format: 'jwk' }).x, 'base64url'));
  }
  const raw = /^[0-9a-f]{64}$/i.test(bare) ? Buffer.from(bare, 'hex') : Buffer.from(bare, 'base64');
  if (raw.length !== 32) throw new Error('The trusted key is neither a PEM file nor 32 bytes in base64 or hex.');
  return keyOf(raw);
}

// ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────

const HASH_FROM = Buffer.byteLength('{"hash":"');
const ENTRY_FROM = HASH_FROM + 64 + Buffer.byteLength('","entry":');
const STATEMENT = Buffer.from('"statement":');

/** What a line is, with the signed or hashed bytes as they stand; `bad` when it is nothing we know. */
export function readLine(line) {
  const bytes = typeof line === 'string' ? Buffer.from(line) : line;
  try {
    const start = bytes.toString('latin1', 0, 14);
    if (start.startsWith('{"hash":"')) {
      const hash = bytes.toString('latin1', HASH_FROM, HASH_FROM + 64);
      const entry = bytes.subarray(ENTRY_FROM, -1);
      if (
        bytes.toString('latin1', HASH_FROM + 64, ENTRY_FROM) !== '","entry":' ||
        !/^[0-9a-f]{64}$/.test(hash) ||
        bytes.at(-1) !== 125
      )
        return { kind: 'bad', bytes };
      return { kind: 'entry', bytes: entry, hash, ...placeIn(entry.toString('latin1')) };
    }
    if (start.startsWith('{"signature":') || start.startsWith('{"accepted":')) {
      const { signature, accepted, statement } = JSON.parse(bytes.toString());
      const text = bytes.subarray(bytes.indexOf(STATEMENT) + STATEMENT.length, -1);
      if (
        !Number.isSafeInteger(statement.number) ||
        JSON.stringify(JSON.parse(text.toString())) !== JSON.stringify(statement)
      )
        return { kind: 'bad', bytes };
      return { kind: 'statement', bytes: text, body: statement, signature, accepted };
    }
    const body = JSON.parse(bytes.toString());
    if (body.manifest) return { kind: 'manifest', body: body.manifest };
    if (body.end) return { kind: 'end', body: body.end };
  } catch {
    // Falls through: a line that cannot be read is a finding, not a crash.
  }
  return { kind: 'bad', bytes };
}

/** Position and id of canonical bytes. Keys are sorted and quotes inside of strings are escaped: the last occurrence is the entry's own. */
function placeIn(text) {
  const number = (name) => {
    const from = text.lastIndexOf(name) + name.length;
    const written = text.slice(from, text.indexOf(',', from));
    return from >= name.length && /^-?\d{1,16}$/.test(written) ? Number(written) : null;
  };
  return { position: number(',"position":'), id: number(',"id":') };
}

/** When an entry was written, in milliseconds, or null when its bytes do not say. */
function timeOf(bytes) {
  try {
    const at = Date.parse(JSON.parse(bytes.toString()).at);
    return Number.isNaN(at) ? null : at;
  } catch {
    return null;
  }
}

// ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Brings the exported statements and those kept outside together and follows the line: numbers, links, signatures, handovers of keys, batches
 * without holes. Answers what is wrong with them, and the checkpoints that can be relied on.
 */
function checkStatements(exported, outside, trusted) {
  const findings = [];
  const wrong = (what, number, sentence) => findings.push({ what, checkpoint: number, sentence });
  const keys = new Map(trusted.map((key) => [key.id, key]));
  for (const { body } of [...exported, ...outside]) {
    if (typeof body.publicKey !== 'string') continue;
    const raw = Buffer.from(body.publicKey, 'base64');
    if (raw.length === 32 && !keys.has(idOf(raw))) keys.set(idOf(raw), keyOf(raw));
  }
  const isGood = ({ bytes, body, signature, accepted }) =>
    (signature === null && body.kind === 'rotation'
      ? true
      : keys.has(body.key) && isSigned(keys.get(body.key), bytes, signature)) &&
    (body.kind !== 'rotation' || (keys.has(body.next) && isSigned(keys.get(body.next), bytes, accepted)));

  const line = new Map();
  exported.forEach((statement, index) => {
    const { number } = statement.body;
    const before = index > 0 ? exported[index - 1].body.number : 0;
    if (line.has(number)) wrong('checkpoint duplicated', number, `Statement ${number} stands in the export twice.`);
    else if (number <= before)
      wrong('checkpoint reordered', number, `Statement ${number} stands behind statement ${before}.`);
    else if (number > before + 1)
      wrong('checkpoint missing', before + 1, `Statement ${before + 1} is missing from the export.`);
    if (!isGood(statement))
      wrong('checkpoint altered', number, `Statement ${number} does not bear the signature of its key.`);
    else if (!line.has(number)) line.set(number, statement);
  });
  const inExport = new Set(exported.map(({ body }) => body.number));
  const onlyOutside = [];
  for (const statement of outside) {
    const { number } = statement.body;
    if (!isGood(statement)) {
      wrong(
        'checkpoint altered',
        number,
        `Statement ${number} of those kept outside does not bear the signature of its key.`,
      );
      continue;
    }
    const known = line.get(number);
    if (known && !known.bytes.equals(statement.bytes))
      wrong('fork', number, forkSentence(number, known.body, statement.body));
    if (!known) line.set(number, statement);
    if (!inExport.has(number)) onlyOutside.push(statement);
  }

  const checkpoints = [];
  const owners = [];
  let previous = NO_HASH;
  let owner = null;
  let covered = 0;
  let intact = true;
  for (let number = 1; number <= Math.max(0, ...line.keys()) && intact; number++) {
    const statement = line.get(number);
    const { body } = statement ?? {};
    const fault = !statement
      ? 'is missing'
      : body.previous !== previous.toString('hex')
        ? `does not continue statement ${number - 1}`
        : number === 1 && body.kind !== 'beginning'
          ? 'is not the beginning of a log'
          : number > 1 && body.key !== owner
            ? 'is signed by a key that nobody handed over to'
            : body.kind === 'checkpoint' &&
                (body.first !== covered + 1 || body.last - body.first + 1 !== body.size || !(body.size > 0))
              ? `covers entries ${body.first} to ${body.last}, but the batch before ends with ${covered}`
              : null;
    if (fault) {
      intact = false;
      if (findings.length === 0)
        wrong(statement ? 'checkpoint altered' : 'checkpoint missing', number, `Statement ${number} ${fault}.`);
      break;
    }
    previous = sha256(statement.bytes);
    if (body.kind === 'beginning') owners.push({ id: (owner = body.key), since: number, handed: true });
    if (body.kind === 'rotation')
      owners.push({ id: (owner = body.next), since: number, handed: statement.signature !== null });
    if (body.kind === 'checkpoint') {
      checkpoints.push({ ...body, marks: Buffer.from(body.marks ?? '', 'base64') });
      covered = body.last;
    }
  }
  trust(owners, trusted, wrong);
  return { findings, checkpoints, onlyOutside, keys: owners.map(({ id }) => id) };
}

const forkSentence = (number, inside, outside) =>
  `There are two statements ${number}, both signed: one of ${inside.at} (${span(inside)}), one kept outside of ${outside.at} (${span(outside)}). The log was continued twice.`;
const span = (body) =>
  body.kind === 'checkpoint' ? `entries ${body.first} to ${body.last}, root ${body.root.slice(0, 16)}…` : body.kind;

/** A trusted key vouches for what came before it, through the links, and for its successors, by handing over. */
function trust(owners, trusted, wrong) {
  const ids = new Set(trusted.map(({ id }) => id));
  const first = owners.findIndex(({ id }) => ids.has(id));
  if (first < 0)
    return wrong(
      'untrusted',
      owners[0]?.since ?? 1,
      'Nothing in here is signed by the key you trust, nor by one it vouches for.',
    );
  const broken = owners.slice(first + 1).find(({ id, handed }) => !handed && !ids.has(id));
  if (broken)
    wrong(
      'untrusted',
      broken.since,
      `From statement ${broken.since} on the key ${broken.id} signs, and the key before it never handed over. Give it with --key if you know of it.`,
    );
}

// ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A verifier takes the lines of one export in their order and ends with a report. `trusted` are keys of `readPublicKey`; `outside` the lines
 * of the checkpoints file; `from` and `to` the range asked for; `lost` ranges known to be lost.
 */
export function createVerifier({ trusted, outside = [], from, to, lost = [] }) {
  const kept = outside.map(readLine);
  const findings = [];
  const statements = [];
  const counts = {
    entries: 0,
    signed: 0,
    unsigned: 0,
    checkpoints: 0,
    tornOutside: kept.filter(({ kind }) => kind !== 'statement').length,
  };
  let manifest = null;
  let end = null;
  let checked = null;
  let expected = 1;
  let chain = null;
  let covering = 0;
  let leaves = [];
  /** The first bad entry, while what follows it is gathered. */
  let trouble = null;
  let lineNumber = 0;
  let done = false;
  /** The times of the entries no checkpoint covers, from the earliest to the latest; null once one of them has none. */
  let unsignedSpan = { from: Infinity, to: -Infinity };
  const digest = crypto.createHash('sha256');

  const report = (finding) => findings.push(finding);

  /** Statements stand in front of entries: at the first entry their line is known whole. */
  function begin() {
    checked = checkStatements(
      statements,
      kept.filter(({ kind }) => kind === 'statement'),
      trusted,
    );
    counts.checkpoints = checked.checkpoints.length;
    expected = Number.isSafeInteger(manifest?.from) && manifest.from > 0 ? manifest.from : 1;
    while (covering < checked.checkpoints.length && checked.checkpoints[covering].last < expected) covering++;
    // In front of a part stands the head of the checkpoint before it, which is signed.
    const before = checked.checkpoints[covering - 1];
    chain =
      expected === 1
        ? NO_HASH
        : before && before.last === expected - 1
          ? Buffer.from(before.head, 'hex')
          : Buffer.from(String(manifest.previous), 'hex');
    const asked = from ?? 1;
    if (expected > asked)
      report({
        what: 'missing',
        position: asked,
        id: null,
        sentence: `The export begins with entry ${expected}; entries ${asked} to ${expected - 1} are missing. If you asked for this part only, say so with --from ${expected}.`,
      });
  }

  function takeEntry({ bytes, hash, position, id }) {
    if (trouble) return gather({ bytes, position, id });
    if (position !== expected) skipLost(position);
    if (position !== expected) return (trouble = { position: expected, found: position, id, bytes, ahead: [] });
    const checkpoint = checked.checkpoints[covering];
    const next = hashOf(chain, bytes);
    const leaf = leafOf(bytes);
    if (next.toString('hex') !== hash || !isMarked(checkpoint, position, leaf))
      return (trouble = { position, found: position, id, bytes, ahead: [], rehashed: next.toString('hex') === hash });
    chain = next;
    counts.entries++;
    expected++;
    if (!checkpoint || position < checkpoint.first) return noteUnsigned(bytes);
    leaves.push(leaf);
    counts.signed++;
    if (position === checkpoint.last) closeBatch(checkpoint);
  }

  function noteUnsigned(bytes) {
    counts.unsigned++;
    const at = timeOf(bytes);
    unsignedSpan =
      at === null || !unsignedSpan
        ? null
        : { from: Math.min(unsignedSpan.from, at), to: Math.max(unsignedSpan.to, at) };
  }

  /** What keeps a log in which nothing is wrong from being proven, as sentences. */
  function doubts() {
    const sentences = [];
    const anew = 'that they were not written anew cannot be shown';
    if (counts.unsigned > MOST_UNSIGNED)
      sentences.push(
        `The last ${counts.unsigned} entries are covered by no checkpoint, and the server leaves at most ${MOST_UNSIGNED} unsigned: ${anew}.`,
      );
    if (counts.unsigned > 0 && !unsignedSpan)
      sentences.push(`One of the last ${counts.unsigned} entries, which no checkpoint covers, has no time: ${anew}.`);
    else if (counts.unsigned > 0 && unsignedSpan.to - unsignedSpan.from > LONGEST_UNSIGNED_MS + SIGNING_MS)
      sentences.push(
        `The last ${counts.unsigned} entries are covered by no checkpoint although they span ${Math.round((unsignedSpan.to - unsignedSpan.from) / 1_000)} s, and the server signs after ${LONGEST_UNSIGNED_MS / 1_000} s: ${anew}.`,
      );
    if (kept.length === counts.tornOutside)
      sentences.push(
        'No checkpoints kept outside were given (--checkpoints): a cut tail, a return to an older state or a log continued twice would go unnoticed.',
      );
    return sentences;
  }

  const isMarked = (checkpoint, position, leaf) => {
    if (!checkpoint || position < checkpoint.first || position > checkpoint.last) return true;
    const at = (position - checkpoint.first) * 4;
    return checkpoint.marks.subarray(at, at + 4).equals(leaf.subarray(0, 4));
  };

  function closeBatch(checkpoint) {
    const whole = leaves.length === checkpoint.size;
    if (whole && rootOf(leaves).toString('hex') !== checkpoint.root)
      report({
        what: 'altered',
        position: checkpoint.first,
        id: null,
        sentence: `Entries ${checkpoint.first} to ${checkpoint.last} do not give the root signed in checkpoint ${checkpoint.number}.`,
      });
    else if (chain.toString('hex') !== checkpoint.head)
      report({
        what: 'altered',
        position: checkpoint.first,
        id: null,
        sentence: `The chain up to entry ${checkpoint.last} does not end with the hash signed in checkpoint ${checkpoint.number}: it was written anew.`,
      });
    if (findings.length > 0) done = true;
    leaves = [];
    covering++;
  }

  /** A range declared lost is passed over when the chain can be taken up behind it, at a signed head. */
  function skipLost(position) {
    const gap = lost.find((range) => range.from <= expected && expected <= range.to);
    if (!gap || position !== gap.to + 1) return;
    const index = checked.checkpoints.findIndex((checkpoint) => checkpoint.last === gap.to);
    if (index < 0) return;
    chain = Buffer.from(checked.checkpoints[index].head, 'hex');
    leaves = [];
    covering = index + 1;
    expected = position;
  }

  function gather(entry) {
    trouble.ahead.push(entry);
    if (trouble.ahead.length >= AHEAD) done = true;
  }

  function finish() {
    if (!checked) begin();
    if (trouble) report(diagnose(trouble, checked.checkpoints));
    const isWhole = !trouble && findings.length === 0;
    if (isWhole) checkTail();
    if (!manifest && findings.length === 0)
      report({
        what: 'incomplete',
        position: null,
        id: null,
        sentence: 'The export has no manifest: its beginning is missing.',
      });
    if (isWhole && findings.length === 0 && !end)
      report({
        what: 'incomplete',
        position: expected,
        id: null,
        sentence: `The export has no last line: it was cut off behind entry ${expected - 1}.`,
      });
    // Manifest and statements as they were written: a courtesy against broken transfers. Whoever alters a log on purpose writes a new digest.
    if (isWhole && findings.length === 0 && checked.findings.length === 0 && end.sha256 !== digest.digest('hex'))
      report({
        what: 'incomplete',
        position: null,
        id: null,
        sentence:
          'The first lines of the file are not as they were exported, although its entries are: take another copy.',
      });
    if (isWhole && findings.length === 0 && end.entries !== counts.entries)
      report({
        what: 'incomplete',
        position: expected,
        id: null,
        sentence: `The last line speaks of ${end.entries} entries, and ${counts.entries} are here.`,
      });
    const all = [...findings, ...checked.findings];
    const unproven = all.length === 0 ? doubts() : [];
    const verdict = all.length > 0 ? 'not ok' : unproven.length > 0 ? 'not proven' : 'ok';
    return {
      ok: verdict === 'ok',
      verdict,
      unproven,
      first: all[0] ?? null,
      findings: all,
      ...counts,
      from: manifest?.from ?? 1,
      to: expected - 1,
      unsealed: manifest?.unsealed ?? 0,
      unsealedSince: manifest?.unsealedSince ?? null,
      keys: checked.keys,
    };
  }

  function checkTail() {
    const last = checked.checkpoints.at(-1);
    const open = checked.checkpoints[covering];
    const missing = to ?? last?.last ?? 0;
    if (missing >= expected && !lost.some((range) => range.from <= expected && missing <= range.to)) {
      const sentence = open
        ? `Entries ${expected} to ${missing} are missing at the end: checkpoint ${open.number} of ${open.at} covers ${open.first} to ${open.last}. If you asked for less, say so with --to ${expected - 1}.`
        : `The export ends with entry ${expected - 1}, and ${missing} was asked for.`;
      return report({ what: 'tail cut', position: expected, id: null, sentence });
    }
    const dropped = checked.onlyOutside.find(({ body }) =>
      body.kind === 'checkpoint'
        ? body.last < expected
        : statements.some((statement) => statement.body.number > body.number),
    );
    if (dropped)
      report({
        what: 'checkpoint missing',
        position: null,
        checkpoint: dropped.body.number,
        id: null,
        sentence: `Statement ${dropped.body.number} of ${dropped.body.at} is kept outside, and the log no longer has it.`,
      });
  }

  return {
    /** Takes the next line, without its end. Answers false when there is no point in going on. */
    take(line) {
      lineNumber++;
      if (line.length === 0) return !done;
      const read = readLine(line);
      if (!checked && (read.kind === 'manifest' || read.kind === 'statement')) digest.update(line).update('\n');
      if (read.kind === 'manifest' && !manifest && !checked) manifest = read.body;
      else if (read.kind === 'statement' && !checked) statements.push(read);
      else if (read.kind === 'end' && !end) {
        if (!checked) begin();
        end = read.body;
      } else if (read.kind === 'entry' && !end) {
        if (!checked) begin();
        if (findings.length === 0 || trouble) takeEntry(read);
      } else if (trouble) {
        gather({ bytes: read.bytes ?? Buffer.alloc(0), position: null, id: null });
      } else {
        if (checked && !end)
          trouble = {
            position: expected,
            found: null,
            id: null,
            bytes: read.bytes ?? Buffer.alloc(0),
            ahead: [],
            lineNumber,
          };
        else
          report({
            what: 'unreadable',
            position: null,
            id: null,
            sentence: `Line ${lineNumber} of the export cannot be read, or does not belong there.`,
          });
      }
      return !done;
    },
    finish,
  };
}

/** Says what happened at the first bad entry. The marks of the checkpoints tell where the content that stands there was sealed. */
function diagnose({ position, found, id, bytes, ahead, lineNumber, rehashed }, checkpoints) {
  const told = (what, sentence) => ({
    what,
    position,
    id: id ?? null,
    sentence: `Entry ${position}${id === null || id === undefined ? '' : ` (id ${id})`}: ${sentence}`,
  });
  if (lineNumber !== undefined) return told('altered', `line ${lineNumber} of the export cannot be read.`);
  if (found !== position) {
    if (!Number.isSafeInteger(found)) return told('altered', 'what stands here has no position.');
    if (found < position) {
      const isTwin = position - 1 === found;
      return told(
        isTwin ? 'duplicated' : 'inserted',
        `position ${found} stands here ${isTwin ? 'a second time' : 'once more, out of its order'}.`,
      );
    }
    const later = ahead.find((entry) => entry.position === position);
    if (later)
      return {
        what: 'reordered',
        position,
        id: later.id ?? null,
        sentence: `Entry ${position} (id ${later.id}): it stands behind entry ${found}, out of its order.`,
      };
    return {
      what: 'missing',
      position,
      id: null,
      sentence: `Entry ${position}: it is missing${found > position + 1 ? `, as are all up to ${found - 1}` : ''}; entry ${found} (id ${id}) follows.`,
    };
  }
  const sealedAt = placeOf(bytes, position, checkpoints);
  const mine = ahead.find((entry) => isSealedAt(entry.bytes, entry.position, position, checkpoints));
  if (sealedAt !== null && mine)
    return told(
      'reordered',
      `what stands here was sealed at position ${sealedAt}; what belongs here stands at ${mine.position}.`,
    );
  if (sealedAt !== null && sealedAt > position)
    return told(
      'missing',
      `what was sealed here is gone; what was sealed at position ${sealedAt} stands in its place.`,
    );
  if (sealedAt !== null && sealedAt < position)
    return told('duplicated', `what was sealed at position ${sealedAt} stands here once more.`);
  if (mine) return told('inserted', `this was never sealed; what belongs here stands at position ${mine.position}.`);
  return told(
    'altered',
    rehashed
      ? 'its content is not what was signed; the hashes from here on were written anew to fit it.'
      : 'its content does not give its hash.',
  );
}

/** At which position of the batches around it this content was sealed; null when at none, or when it is where it belongs. */
function placeOf(bytes, position, checkpoints) {
  const near = checkpoints.filter(({ first, last }) => position >= first - 1_000 && position <= last + 1_000);
  for (const { first, last } of near)
    for (let place = first; place <= last; place++)
      if (place !== position && isSealedAt(bytes, position, place, near)) return place;
  return null;
}

function isSealedAt(bytes, position, place, checkpoints) {
  const checkpoint = checkpoints.find(({ first, last }) => first <= place && place <= last);
  if (!checkpoint || position === null) return false;
  const written = `,"position":${position},`;
  const at = bytes.lastIndexOf(written);
  if (at < 0) return false;
  const moved = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(`,"position":${place},`),
    bytes.subarray(at + written.length),
  ]);
  const mark = (place - checkpoint.first) * 4;
  return checkpoint.marks.subarray(mark, mark + 4).equals(leafOf(moved).subarray(0, 4));
}

// ── a single proof ──────────────────────────────────────────────────────────────────────────────────────────────

/** Checks one proof file: its text, trusted keys, and, if given, the lines kept outside, among which its checkpoint must then be. */
export function verifyProof(text, { trusted, outside = [] }) {
  const bad = (what, sentence) => ({ ok: false, first: { what, position: null, id: null, sentence } });
  const proof = JSON.parse(text);
  if (proof.proof !== FORMAT) throw new Error('This is no proof of an audit entry.');
  const [checkpoint, ...handovers] = proof.lines.map((line) => readLine(line));
  if (checkpoint?.kind !== 'statement' || checkpoint.body.kind !== 'checkpoint')
    return bad('altered', 'The proof holds no checkpoint.');
  const { body } = checkpoint;
  const keys = vouched(handovers, trusted);
  if (!keys.has(body.key))
    return bad(
      'untrusted',
      `The checkpoint is signed by the key ${body.key}, which you do not trust and which no key you trust vouches for.`,
    );
  if (!isSigned(keys.get(body.key), checkpoint.bytes, checkpoint.signature))
    return bad('altered', `Checkpoint ${body.number} does not bear the signature of its key.`);
  const twin = outside.map(readLine).find((line) => line.kind === 'statement' && line.body.number === body.number);
  if (outside.length > 0 && !twin) return bad('fork', `Checkpoint ${body.number} is not among those kept outside.`);
  if (twin && !twin.bytes.equals(checkpoint.bytes))
    return bad('fork', `Checkpoint ${body.number} is not the one kept outside.`);
  const bytes = Buffer.from(proof.entry);
  const entry = JSON.parse(proof.entry);
  const isPlaced =
    proof.size === body.size &&
    Number.isSafeInteger(proof.index) &&
    proof.index >= 0 &&
    proof.index < body.size &&
    body.first + proof.index === entry.position;
  if (!isPlaced)
    return bad('reordered', `The entry says it is at position ${entry.position}; the proof is about another place.`);
  const root = climb(
    leafOf(bytes),
    proof.index,
    proof.size,
    proof.path.map((hash) => Buffer.from(hash, 'hex')),
  );
  if (root?.toString('hex') !== body.root)
    return {
      ok: false,
      first: {
        what: 'altered',
        position: entry.position,
        id: entry.id,
        sentence: `Entry ${entry.position} (id ${entry.id}): it is not what was signed in checkpoint ${body.number}.`,
      },
    };
  return { ok: true, first: null, position: entry.position, checkpoint: body.number, at: body.at, entry };
}

/** The keys that follow from the trusted ones: forwards where the old key signed, backwards where the new key accepted. */
function vouched(handovers, trusted) {
  const keys = new Map(trusted.map((key) => [key.id, key]));
  const named = new Map(keys);
  for (const { body } of handovers)
    if (typeof body?.publicKey === 'string')
      named.set(idOf(Buffer.from(body.publicKey, 'base64')), keyOf(Buffer.from(body.publicKey, 'base64')));
  const rotations = handovers.filter(({ body }) => body?.kind === 'rotation');
  for (let round = 0; round < rotations.length; round++) {
    for (const { bytes, body, signature, accepted } of rotations) {
      if (keys.has(body.key) && named.has(body.next) && isSigned(keys.get(body.key), bytes, signature))
        keys.set(body.next, named.get(body.next));
      if (keys.has(body.next) && named.has(body.key) && isSigned(keys.get(body.next), bytes, accepted))
        keys.set(body.key, named.get(body.key));
    }
  }
  return keys;
}

// ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The lines of a file as bytes, without their ends. */
export function* linesOf(file) {
  const handle = fs.openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    for (let length; (length = fs.readSync(handle, chunk)) > 0;) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      let from = 0;
      for (let at; (at = bytes.indexOf(10, from)) >= 0; from = at + 1) yield bytes.subarray(from, at);
      rest = bytes.subarray(from);
    }
    if (rest.length > 0) yield rest;
  } finally {
    fs.closeSync(handle);
  }
}

/** Throws where the first line is not that of an export, and says what editors and mail did to one: its bytes are what was signed. */
function refuseForeign(file, line) {
  if (line.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)))
    throw new Error(
      `${file} begins with a byte order mark, which no export does: an editor wrote it anew. Take the file as it was exported.`,
    );
  if (line.at(-1) === 13)
    throw new Error(`The line ends of ${file} were changed to those of Windows. Take the file as it was exported.`);
  if (readLine(line).body?.format !== FORMAT) throw new Error(`${file} is not an export of the audit log (${FORMAT}).`);
}

/** Verifies an export: a file, or a directory whose *.ndjson files are its parts in the order of their names. */
export function verifyExport(place, options) {
  const files = fs.statSync(place).isDirectory()
    ? fs
        .readdirSync(place)
        .filter((name) => name.endsWith('.ndjson'))
        .sort()
        .map((name) => path.join(place, name))
    : [place];
  const verifier = createVerifier(options);
  let seen = 0;
  for (const file of files)
    for (const line of linesOf(file)) {
      if (++seen === 1) refuseForeign(file, line);
      if (!verifier.take(line)) return verifier.finish();
    }
  if (seen === 0) throw new Error(`There is nothing to check in ${place}.`);
  return verifier.finish();
}

function readArguments(words) {
  const asked = { places: [], keys: [], lost: [], json: false };
  const whole = (name, text) => {
    if (!/^[1-9]\d{0,15}$/.test(text ?? '')) throw new Error(`${name} takes a position, a whole number from 1.`);
    return Number(text);
  };
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    const value = () => {
      if (words[index + 1] === undefined) throw new Error(`${word} needs a value.`);
      return words[++index];
    };
    if (word === '--key') asked.keys.push(value());
    else if (word === '--checkpoints') asked.checkpoints = value();
    else if (word === '--proof') asked.proof = value();
    else if (word === '--from') asked.from = whole(word, value());
    else if (word === '--to') asked.to = whole(word, value());
    else if (word === '--lost') {
      const [first, last] = value().split('-');
      asked.lost.push({ from: whole(word, first), to: whole(word, last) });
    } else if (word === '--json') asked.json = true;
    else if (word.startsWith('--')) throw new Error(`${word} is not known.`);
    else asked.places.push(word);
  }
  if (asked.keys.length === 0) throw new Error('Name the public key you trust with --key.');
  if (asked.proof ? asked.places.length > 0 : asked.places.length !== 1)
    throw new Error('Name one export, or one proof with --proof.');
  return asked;
}

function main(words) {
  const asked = readArguments(words);
  const trusted = asked.keys.map((key) => readPublicKey(fs.existsSync(key) ? fs.readFileSync(key, 'utf8') : key));
  const outside = asked.checkpoints ? [...linesOf(asked.checkpoints)].filter((line) => line.length > 0) : [];
  const options = { trusted, outside, from: asked.from, to: asked.to, lost: asked.lost };
  const report = asked.proof
    ? verifyProof(fs.readFileSync(asked.proof, 'utf8'), options)
    : verifyExport(asked.places[0], options);
  process.stdout.write(
    asked.json ? `${JSON.stringify(report, null, 2)}\n` : `${sentencesOf(report, asked).join('\n')}\n`,
  );
  return report.ok ? 0 : report.verdict === 'not proven' ? 3 : 1;
}

function sentencesOf(report, asked) {
  if (report.first) {
    const further = (report.findings ?? []).slice(1).map(({ what, sentence }) => `  also ${what}: ${sentence}`);
    return [`NOT OK – ${report.first.what}`, report.first.sentence, ...further];
  }
  if (asked.proof)
    return [
      `OK – entry ${report.position} is what was signed in checkpoint ${report.checkpoint} of ${report.at}.`,
      JSON.stringify(report.entry),
      ...(asked.checkpoints ? [] : ['Without --checkpoints, a log continued twice would go unnoticed.']),
    ];
  const lines = [
    `${report.ok ? 'OK' : 'NOT PROVEN'} – ${report.entries} entries (${report.from} to ${report.to}), ${report.checkpoints} checkpoints, ${report.keys.length} key${report.keys.length === 1 ? '' : 's'}.`,
  ];
  lines.push(...report.unproven);
  if (report.unsigned > 0 && report.ok)
    lines.push(
      `The last ${report.unsigned} are chained, but no checkpoint covers them yet: that they were not written anew cannot be shown.`,
    );
  if (report.unsealed > 0)
    lines.push(
      `When this was exported, ${report.unsealed} more waited to be sealed, the oldest since ${report.unsealedSince}.`,
    );
  if (report.tornOutside > 0)
    lines.push(`${report.tornOutside} lines of the checkpoints file could not be read and were passed over.`);
  if (asked.lost.length > 0)
    lines.push(
      `Passed over as known to be lost: ${asked.lost.map((range) => `${range.from} to ${range.to}`).join(', ')}.`,
    );
  return lines;
}

const isCommand = process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href;
if (isCommand) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      `Nothing could be checked: ${error.message}\n\nUsage: node verify-audit.mjs EXPORT --key PUBLIC_KEY [--checkpoints FILE] [--from N] [--to N] [--lost A-B]\n       node verify-audit.mjs --proof FILE --key PUBLIC_KEY [--checkpoints FILE]\n`,
    );
    process.exitCode = 2;
  }
}
