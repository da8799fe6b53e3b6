import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inWork } from '../kernel/work.ts';
import { isLongForm } from '../testing/long-form.ts';
import { canonicalEntry, entryColumns, type StoredEntry } from './canonical.ts';
import { readKey, type SigningKey } from './keys.ts';
import { diceOf, exportOf, mutations, rechain, signOn, strangeKey, type Log } from './mutations.ts';
import { outsideFile } from './outside.ts';
import { rotateKey } from './rotation.ts';
import { keyAfter, readLine, signStatement } from './statements.ts';
import {
  loadVerifier,
  openAuditHouse,
  person,
  runVerifier,
  verifyLines,
  writeEntries,
  type AuditHouse,
  type Verifier,
  type VerifierOptions,
} from './testing.ts';

/** Kinds the promise names are tried this often, further variants of them less. */
const TRIES = isLongForm ? 1_000 : 120;
const VARIANT_TRIES = isLongForm ? 250 : 30;
/** Bits that are flipped, and clean logs. */
const OTHER_TRIES = isLongForm ? 1_000 : 300;
const variants = /closed up|sign anew|statement/;
/** So many of each kind are also shown to weaker verifiers, to see what each means of proof is needed for. */
const CONTROLS = 25;

let verifier: Verifier;
let audit: AuditHouse;
let log: Log;
let outside: string[];
let trusted: VerifierOptions['trusted'];
let key: SigningKey;
let publicFile: string;
let directory: string;

/** One log of 2,401 entries in batches of 100, its key handed over in the middle, made by the real sealer. */
beforeAll(async () => {
  verifier = await loadVerifier();
  audit = await openAuditHouse();
  directory = mkdtempSync(path.join(tmpdir(), 'parley-mutations-'));
  await writeEntries(audit.db, 1_250);
  await audit.sealAll({ batch: 100 });
  const { before } = await inWork(audit.house, person('Olga', 'settings.manage'), (work) => rotateKey(work));
  await writeEntries(audit.db, 1_150);
  await audit.sealAll({ batch: 100 });
  publicFile = path.join(audit.place.keys, `${before}.public.pem`);
  trusted = [verifier.readPublicKey(readFileSync(publicFile, 'utf8'))];
  outside = readFileSync(outsideFile(audit.place), 'utf8').split('\n').filter(Boolean);
  key = readKey(audit.place, keyAfter(readLine(outside.at(-1)!)!))!;
  const rows = await audit.db.rows<StoredEntry>(`select ${entryColumns} from audit_entries e order by e.position`);
  log = { rows, statements: outside };
});
afterAll(async () => {
  await audit.close();
  rmSync(directory, { recursive: true, force: true });
});

const check = (altered: Log, options: Partial<VerifierOptions> = {}) =>
  verifyLines(verifier, exportOf(altered), { trusted, outside, ...options });

test('the log itself is clean, and the export of the house says the same as its rows', async () => {
  expect(verifyLines(verifier, exportOf(log), { trusted, outside })).toMatchObject({
    ok: true,
    entries: 2_401,
    signed: 2_401,
    findings: [],
  });
  const exported = await audit.exported();
  expect(verifyLines(verifier, exported, { trusted, outside })).toMatchObject({ ok: true, entries: 2_401 });
  expect(exported.slice(1, -1)).toEqual(exportOf(log).slice(1, -1).map(String));
});

type Count = {
  tried: number;
  found: number;
  exact: number;
  nameable: number;
  inside: number;
  chain: number;
  controls: number;
  words: Set<string>;
};
const table = new Map<string, Count>();

describe('every mutation is found, and the first bad entry is named', () => {
  for (const [kind, mutate] of Object.entries(mutations)) {
    test(`${kind}`, () => {
      const dice = diceOf(kind.length * 7_919 + 1);
      const count: Count = {
        tried: 0,
        found: 0,
        exact: 0,
        nameable: 0,
        inside: 0,
        chain: 0,
        controls: 0,
        words: new Set(),
      };
      table.set(kind, count);
      const tries = variants.test(kind) ? VARIANT_TRIES : TRIES;
      while (count.tried < tries) {
        const { log: altered, names } = mutate(log, dice, key);
        count.tried++;
        const report = check(altered);
        if (!report.ok) count.found++;
        else throw new Error(`mutation ${count.tried} of "${kind}" went unnoticed`);
        count.words.add(report.first!.what);
        if (names !== null) {
          count.nameable++;
          if (report.first!.position === names) count.exact++;
          else
            throw new Error(
              `mutation ${count.tried} of "${kind}": entry ${names} was the first, and the verifier said: ${report.first!.sentence}`,
            );
        }
        if (count.controls < CONTROLS) {
          count.controls++;
          if (check(altered, { outside: [] }).verdict === 'not ok') count.inside++;
          if (check({ ...altered, statements: [log.statements[0]!] }, { outside: [] }).verdict === 'not ok')
            count.chain++;
        }
      }
      expect(count.found).toBe(tries);
    });
  }

  test('what each means of proof is needed for', () => {
    const lines = [...table].map(([kind, { tried, found, exact, nameable, inside, chain, controls, words }]) =>
      [
        kind.padEnd(26),
        `${found}/${tried}`.padEnd(9),
        (nameable ? `${exact}/${nameable}` : 'not one entry').padEnd(14),
        `${inside}/${controls}`.padEnd(18),
        `${chain}/${controls}`.padEnd(11),
        [...words].sort().join(', '),
      ].join(' '),
    );
    console.log(
      [
        '',
        `${'mutation'.padEnd(26)} ${'found'.padEnd(9)} ${'named exactly'.padEnd(14)} ${'without outside'.padEnd(18)} ${'chain only'.padEnd(11)} called`,
        ...lines,
      ].join('\n'),
    );
    const of = (kind: string) => table.get(kind)!;
    // Planted weaknesses: a chain alone misses every cut tail and everything that is hashed anew; without the copy outside, cuts and forks pass.
    for (const kind of [
      'tail cut',
      'edit and rehash',
      'deletion, closed up',
      'insertion, closed up',
      'return to an older state',
      'fork with the true key',
    ])
      expect(of(kind).chain, kind).toBe(0);
    for (const kind of ['return to an older state', 'fork with the true key']) expect(of(kind).inside, kind).toBe(0);
    expect(of('edit and rehash').inside).toBe(CONTROLS);
  });
});

test('any flipped bit of an exported entry or statement is found', () => {
  const statements = outside.slice(0, 8);
  const lines = exportOf({ rows: log.rows.slice(0, 700), statements });
  expect(verifyLines(verifier, lines, { trusted, outside: statements }).ok).toBe(true);
  const dice = diceOf(42);
  for (let n = 0; n < OTHER_TRIES; n++) {
    const at = 1 + dice.below(lines.length - 2);
    const bytes = Buffer.from(lines[at]! as string);
    const place = dice.below(bytes.length);
    bytes[place] = bytes[place]! ^ (1 << dice.below(8));
    const run = verifier.createVerifier({ trusted, outside: statements });
    for (let index = 0; index < lines.length; index++) if (!run.take(index === at ? bytes : lines[index]!)) break;
    expect(run.finish().ok, `bit in byte ${place} of line ${at}: ${String(lines[at])}`).toBe(false);
  }
});

test('no clean log of any size, batching, rotation or open tail is called altered', () => {
  const dice = diceOf(7);
  for (let n = 0; n < OTHER_TRIES; n++) {
    const size = dice.pick([0, 1, 2, 3, 7, 8, 9, 31, 64, 65, dice.below(150)]);
    const { rows } = rechain(log, log.rows.slice(0, size), 0);
    const first = strangeKey();
    const second = strangeKey();
    const [before, upTo] = [dice.below(size + 1), dice.below(size + 1)].sort((a, b) => a - b) as [number, number];
    let statements = signOn(rows.slice(0, before), [], first, () => 1 + dice.below(40));
    const isRotated = dice.below(2) === 0;
    if (isRotated)
      statements.push(
        signStatement(
          first,
          readLine(statements.at(-1)!)!,
          { kind: 'rotation', next: second.id, publicKey: second.publicKey },
          { accept: second },
        ).line,
      );
    statements = signOn(rows.slice(0, upTo), statements, isRotated ? second : first, () => 1 + dice.below(40));
    const keys = isRotated ? dice.pick([[first], [second]]) : [first];
    const kept = dice.pick([[], statements, statements.slice(0, 1)]);
    const report = verifyLines(verifier, exportOf({ rows, statements }), {
      trusted: keys.map(({ publicKey }) => verifier.readPublicKey(publicKey)),
      outside: kept,
    });
    expect(report, JSON.stringify(report.findings)).toMatchObject({
      verdict: kept.length > 0 ? 'ok' : 'not proven',
      findings: [],
      entries: size,
      signed: upTo,
      unsigned: size - upTo,
    });
  }
});

test('parts of the log, widened to whole checkpoints, verify for the part that was asked for and for no more', async () => {
  for (const [from, to] of [
    [1, 100],
    [101, 200],
    [150, 1_320],
    [1_251, 1_251],
    [2_350, 2_401],
    [1, 2_401],
  ] as const) {
    const part = await audit.exported({ from, to });
    const options = { trusted, outside, from, to };
    expect(verifyLines(verifier, part, options), `${from} to ${to}`).toMatchObject({ ok: true });
    const said = (options: Partial<VerifierOptions>) =>
      verifyLines(verifier, part, { trusted, outside, ...options }).first?.what ?? 'ok';
    expect(said({ to }), `not asked from ${from}`).toBe(from > 100 ? 'missing' : 'ok');
    expect(said({ from }), `not asked to ${to}`).toBe(to < 2_301 ? 'tail cut' : 'ok');
    const altered = part.map((line) =>
      line.includes(`"position":${from},`) ? line.replace('"door":"', '"door":"x') : line,
    );
    expect(verifyLines(verifier, altered, options)).toMatchObject({
      ok: false,
      first: { what: 'altered', position: from },
    });
  }
});

describe('with real SQL, the real export and the real command', () => {
  const file = (name: string) => path.join(directory, name);
  const exportTo = async (name: string) => {
    writeFileSync(file(name), (await audit.exported()).map((line) => `${line}\n`).join(''));
    return file(name);
  };
  const verify = async (name: string, ...words: string[]) =>
    runVerifier(await exportTo(name), '--key', publicFile, '--checkpoints', outsideFile(audit.place), ...words);
  const restore = () =>
    audit.asSuperuser(
      'delete from audit_entries',
      'insert into audit_entries overriding system value select * from kept_entries',
      'delete from audit_statements',
      'insert into audit_statements select * from kept_statements',
    );
  beforeAll(() =>
    audit.asSuperuser(
      'drop index audit_entries_position',
      'create table kept_entries as select * from audit_entries',
      'create table kept_statements as select * from audit_statements',
    ),
  );

  test('a clean log: 0, with its counts; nothing to check: 2, with the usage', async () => {
    expect(await verify('clean.ndjson')).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^OK – 2401 entries \(1 to 2401\), 25 checkpoints, 2 keys\./),
    });
    expect(await runVerifier(directory, '--key', publicFile, '--checkpoints', outsideFile(audit.place))).toMatchObject({
      code: 0,
    });
    for (const words of [
      [],
      [file('nowhere')],
      [file('clean.ndjson')],
      [file('clean.ndjson'), '--key', 'nonsense'],
      [publicFile, '--key', publicFile],
      [file('clean.ndjson'), '--key', publicFile, '--from', 'x'],
    ]) {
      expect(await runVerifier(...words), words.join(' ')).toMatchObject({
        code: 2,
        said: expect.stringContaining('Usage'),
      });
    }
  });

  const rehash = `with recursive chained as (
      select 776::bigint as position, sha256((select hash from audit_entries where position = 775) || convert_to(text, 'UTF8')) as hash from said where position = 776
      union all select c.position + 1, sha256(c.hash || convert_to(s.text, 'UTF8')) from chained c join said s on s.position = c.position + 1
    ) update audit_entries e set hash = c.hash from chained c where e.position = c.position`;

  test.each<[string, string[], string, RegExp]>([
    [
      'one field',
      [`update audit_entries set reason = 'nothing to see' where position = 776`],
      'altered',
      /Entry 776 \(id \d+\)/,
    ],
    [
      'a letter of a jsonb number',
      [
        `update audit_entries set after = jsonb_set(after, '{aa}', '12345678901234567890.123456788') where position = 1200`,
      ],
      'altered',
      /Entry 1200 \(id 1200\)/,
    ],
    [
      'a microsecond',
      [`update audit_entries set at = at + interval '1 microsecond' where position = 2`],
      'altered',
      /Entry 2 /,
    ],
    [
      'a deletion',
      ['delete from audit_entries where position = 1001'],
      'missing',
      /Entry 1001: it is missing; entry 1002/,
    ],
    [
      'an insertion',
      [
        `insert into audit_entries (actor_name, action, outcome, position, hash) values ('x', 'y', 'done', 50, sha256('x'))`,
      ],
      'inserted|duplicated',
      /position 50 stands here a second time/,
    ],
    [
      'two entries in each other’s place',
      [
        `update audit_entries set position = case position when 300 then 2000 else 300 end where position in (300, 2000)`,
      ],
      'altered|reordered',
      /Entry 300 /,
    ],
    [
      'a doubled entry',
      [
        `insert into audit_entries overriding system value select tx, 5000000, at, actor_id, actor_name, action, outcome, target_kind, target_id, target_name, before, after, reason, count, door, address, request_id, preview_token, position, hash from audit_entries where position = 9`,
      ],
      'duplicated',
      /position 9 stands here a second time/,
    ],
    [
      'a cut tail',
      ['delete from audit_entries where position > 2200', 'delete from audit_statements where last_position > 2200'],
      'tail cut',
      /Entries 2201 to 2401 are missing at the end/,
    ],
    [
      'a return to an older state',
      ['delete from audit_entries where position > 1200', 'delete from audit_statements where number > 13'],
      'tail cut',
      /Entries 1201 to 2401/,
    ],
    [
      'an edit with all hashes made anew',
      ["update audit_entries set actor_name = 'Mallory' where position = 776", 'rehash'],
      'altered',
      /Entry 776 .* written anew/,
    ],
    ['a checkpoint gone', ['delete from audit_statements where number = 26'], 'checkpoint missing', /Statement 26/],
  ])('%s', async (_name, statements, what, sentence) => {
    try {
      await audit.asSuperuser(...statements.filter((statement) => statement !== 'rehash'));
      if (statements.includes('rehash')) {
        const rows = await audit.db.rows<StoredEntry>(
          `select ${entryColumns} from audit_entries e order by e.position`,
        );
        await audit.db.rows('create table said as select * from unnest($1::bigint[], $2::text[]) s (position, text)', [
          rows.map((row) => row.position),
          rows.map((row) => canonicalEntry(row)),
        ]);
        await audit.asSuperuser(rehash);
      }
      const { code, said } = await verify('altered.ndjson');
      expect(said).toMatch(new RegExp(`^NOT OK – (${what})\n`));
      expect(said).toMatch(sentence);
      expect(code).toBe(1);
    } finally {
      await restore();
    }
  });
});
