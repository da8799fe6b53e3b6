import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdClock } from '../kernel/clock.ts';
import { inWork, type Work } from '../kernel/work.ts';
import { until } from '../testing/client.ts';
import {
  entryProof,
  exportAudit,
  listActions,
  listEntries,
  sealState,
  type AuditFilter,
  type AuditPage,
} from './audit.ts';
import { rangeOf, type ExportAsked } from './export.ts';
import { publicPem } from './keys.ts';
import { outsideFile } from './outside.ts';
import { writeReadings } from './readings.ts';
import { rotateKey } from './rotation.ts';
import {
  loadVerifier,
  openAuditHouse,
  person,
  publicKeyFiles,
  runVerifier,
  verifyLines,
  writeEntries,
  type AuditHouse,
  type Verifier,
} from './testing.ts';

let audit: AuditHouse;
let verifier: Verifier;
let stop: () => Promise<void>;
let directory: string;
const ada = person('Ada', 'audit.read');
const ben = person('Ben', 'users.read');
const olga = person('Olga', 'audit.read', 'settings.manage');

beforeAll(async () => {
  verifier = await loadVerifier();
  audit = await openAuditHouse();
  directory = mkdtempSync(path.join(tmpdir(), 'parley-audit-test-'));
  await writeEntries(audit.db, 500);
  stop = audit.seal({ batch: 64, every: 50 });
  await audit.untilSealed();
});
afterAll(async () => {
  await stop();
  await audit.close();
  rmSync(directory, { recursive: true, force: true });
});

const as = <T>(actor: typeof ada, act: (work: Work) => Promise<T>) =>
  inWork(audit.house, actor, act, { doorway: { door: 'graphql', address: '10.1.1.1' } });
const list = (filter: AuditFilter = {}, page: AuditPage = {}) => as(ada, (work) => listEntries(work, filter, page));
const keys = () => publicKeyFiles(audit.place).map((file) => verifier.readPublicKey(readFileSync(file, 'utf8')));

test('pages follow each other without a gap or a repetition while entries arrive', async () => {
  const [{ newest } = { newest: 0 }] = await audit.db.rows<{ newest: number }>(
    'select max(id) as newest from audit_entries',
  );
  const seen: number[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof list>> = await list({}, { first: 37, after });
    seen.push(...page.entries.map(({ id }) => id));
    after = page.next;
    await writeEntries(audit.db, 3);
  } while (after);
  expect(seen).toEqual([...seen].sort((a, b) => b - a));
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((id) => id <= newest).length).toBe(500);
});

test('every filter finds what a look at all entries finds', async () => {
  const all = await audit.db.rows<{
    id: number;
    at: Date;
    action: string;
    outcome: string;
    actorId: string;
    targetId: string;
    targetKind: string;
    said: string;
  }>(
    `select id, at, action, outcome, actor_id as "actorId", target_id as "targetId", target_kind as "targetKind",
       lower(concat_ws(' ', actor_name, action, target_kind, target_id, target_name, reason, address, request_id)) as said from audit_entries e where id <= 500 order by id desc`,
  );
  const middle = all[250]!;
  const cases: [AuditFilter, (row: (typeof all)[number]) => boolean][] = [
    [{ outcome: 'refused' }, (row) => row.outcome === 'refused'],
    [{ actions: ['users.edited'] }, (row) => row.action === 'users.edited'],
    [
      { actions: ['users.', 'departments.moved'] },
      (row) => row.action.startsWith('users.') || row.action === 'departments.moved',
    ],
    [{ actorId: middle.actorId }, (row) => row.actorId === middle.actorId],
    [{ targetKind: 'user', targetId: 'u7' }, (row) => row.targetId === 'u7'],
    [
      { from: middle.at, outcome: 'refused' },
      (row) => row.outcome === 'refused' && row.at.getTime() >= middle.at.getTime(),
    ],
    [{ text: 'PERSON 4' }, (row) => row.said.includes('person 4')],
    [{ text: '陈晓' }, (row) => row.said.includes('陈晓')],
    [{ text: 'a%b_c\\' }, () => false],
  ];
  for (const [filter, holds] of cases) {
    const found: number[] = [];
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof list>> = await list(filter, { first: 200, after });
      found.push(...page.entries.map(({ id }) => id).filter((id) => id <= 500));
      if (!(after = page.next)) break;
    }
    expect(found, JSON.stringify(filter)).toEqual(all.filter(holds).map(({ id }) => id));
  }
  expect(await as(ada, listActions)).toEqual(
    expect.arrayContaining(['audit.read', 'departments.moved', 'users.edited', 'users.suspended']),
  );
});

test('cursors and filters that cannot be are refused with a sentence, and nothing is audited for them', async () => {
  const before = await audit.db.rows('select count(*) from audit_entries');
  const faulty: [AuditFilter, AuditPage][] = [
    [{}, { after: 'MQ' }],
    [{}, { after: Buffer.from('audit 1 or 1=1').toString('base64url') }],
    [{}, { after: Buffer.from('audit 1').toString('base64') + '=' }],
    [{}, { first: 0 }],
    [{}, { first: 201 }],
    [{}, { first: 1.5 }],
    [{ actorId: `' or 1=1` }, {}],
    [{ from: new Date(Number.NaN) }, {}],
    [{ text: 'a\0b' }, {}],
    [{ targetId: 'x'.repeat(201) }, {}],
  ];
  for (const [filter, page] of faulty)
    await expect(list(filter, page), JSON.stringify([filter, page])).rejects.toMatchObject({ code: 'malformed' });
  expect(await audit.db.rows('select count(*) from audit_entries')).toEqual(before);
});

test('without audit.read nothing of the log is seen', async () => {
  const tries: ((work: Work) => Promise<unknown>)[] = [
    (work) => listEntries(work),
    listActions,
    sealState,
    (work) => exportAudit(work),
    (work) => entryProof(work, 1),
  ];
  for (const attempt of tries) await expect(as(ben, attempt)).rejects.toMatchObject({ code: 'forbidden' });
});

test('reading is audited: at once, then gathered by the minute with its count', async () => {
  const eve = person('Eve', 'audit.read');
  let time = Date.parse('2026-11-23T10:00:01Z');
  const release = holdClock(() => time);
  try {
    for (let n = 0; n < 5; n++) await as(eve, (work) => listEntries(work, n === 3 ? { outcome: 'refused' } : {}));
    await as(eve, (work) => entryProof(work, 3));
    const lines = () =>
      audit.db.rows<{ after: unknown; door: string; name: string }>(
        `select after, door, actor_name as name from audit_entries where action = 'audit.read' and actor_id = $1 order by id`,
        [eve.id],
      );
    expect(await lines()).toEqual([{ after: {}, door: 'graphql', name: 'Eve' }]);
    await writeReadings(audit.house);
    expect((await lines()).length).toBe(1);
    time += 60_000;
    await as(eve, (work) => listEntries(work));
    await writeReadings(audit.house);
    expect((await lines()).map(({ after }) => after)).toEqual([
      {},
      {},
      { repeated: 5, minute: '2026-11-23T10:00:00.000Z', what: [{}, { outcome: 'refused' }, { proofOf: 3 }] },
    ]);
    await as(eve, (work) => listEntries(work));
    await writeReadings(audit.house, true);
    expect((await lines()).at(-1)!.after).toMatchObject({ repeated: 1 });
  } finally {
    release();
  }
});

test('an export is audited before its first byte, holds what was asked for, and verifies', async () => {
  const { lines, fileName } = await as(ada, (work) => exportAudit(work, { from: 70, to: 140 }));
  expect(fileName).toBe('parley-audit-70-140.ndjson');
  expect(
    await audit.db.rows(`select actor_name as name, after from audit_entries where action = 'audit.exported'`),
  ).toEqual([{ name: 'Ada', after: { from: 70, to: 140 } }]);
  const read: string[] = [];
  for await (const line of lines()) read.push(line.slice(0, -1));
  expect(verifyLines(verifier, read, { trusted: keys(), from: 70, to: 140 })).toMatchObject({
    verdict: 'not proven',
    findings: [],
  });
  for (const range of [{ from: 0 }, { to: 1.5 }, { from: 3, to: 2 }])
    await expect(as(ada, (work) => exportAudit(work, range))).rejects.toMatchObject({ code: 'malformed' });
});

test('an export by times takes in what was written in them, and goes on to the last line when its end is still to come', async () => {
  await audit.untilSealed();
  const [first, middle, last] = await audit.db.rows<{ at: Date }>(
    `select min(at) as at from audit_entries union all
     (select at from audit_entries where at > (select min(at) from audit_entries) + interval '1 millisecond' order by at limit 1) union all
     select max(at) from audit_entries order by at`,
  );
  const asked = (range: ExportAsked) => as(ada, (work) => rangeOf(work, range));
  const written = async (condition: string, at: Date) =>
    (
      await audit.db.rows<{ first: number; last: number }>(
        `select min(position) as first, max(position) as last from audit_entries where at ${condition} $1`,
        [at],
      )
    )[0]!;
  const later = new Date(Date.now() + 86_400_000);
  const from = (await written('>=', middle!.at)).first;
  expect(from).toBeGreaterThan(1);
  expect(await asked({ since: middle!.at })).toEqual({ from });
  expect(await asked({ since: middle!.at, until: later })).toEqual({ from });
  expect(await asked({ until: last!.at })).toEqual({ to: (await written('<', last!.at)).last });
  expect(await asked({ until: later })).toEqual({});
  for (const empty of [{ until: first!.at }, { since: later }])
    await expect(asked(empty)).rejects.toMatchObject({ code: 'conflict' });
  for (const wrong of [
    { since: later, until: first!.at },
    { since: first!.at, until: first!.at },
    { since: first!.at, from: 3 },
  ])
    await expect(asked(wrong)).rejects.toMatchObject({ code: 'malformed' });
  await expect(as(ben, (work) => rangeOf(work, { since: first!.at }))).rejects.toThrow('audit.read');

  // A line of midnight belongs to the day that begins.
  const [midnight, next] = [new Date('2020-01-05T00:00:00Z'), new Date('2020-01-06T00:00:00Z')];
  await audit.db.rows(
    `insert into audit_entries (at, actor_name, action, outcome) select at, 'test', 'x.done', 'done' from unnest($1::timestamptz[]) at`,
    [[midnight, next]],
  );
  await audit.untilSealed();
  const { first: position } = await written('=', midnight);
  expect(await asked({ since: midnight, until: next })).toEqual({ from: position, to: position });
});

test('a single entry is proven alone, with the first key or a later one, and no altered proof passes', async () => {
  const [first] = keys();
  const { after } = await as(olga, (work) => rotateKey(work));
  await writeEntries(audit.db, 70);
  await audit.untilSealed();
  const { sealed } = await as(ada, sealState);
  await until(async () => (await as(ada, sealState)).signed >= sealed, 'every entry to be signed');
  const later = keys().find(({ id }) => id === after)!;
  const published = () => readFileSync(outsideFile(audit.place), 'utf8').split('\n').filter(Boolean);
  // What is signed is written outside a moment later.
  await until(async () => {
    const [row] = await audit.db.rows<{ last: number }>('select max(number) as last from audit_statements');
    return published().length >= row!.last;
  }, 'the statements to be outside');
  const outside = published();
  for (const position of [1, 2, 63, 64, 65, 66, 300, sealed]) {
    const proof = await as(ada, (work) => entryProof(work, position));
    expect(proof.holds).toBe(true);
    for (const trusted of [[first!], [later]])
      expect(verifier.verifyProof(proof.text, { trusted, outside }), `entry ${position}`).toMatchObject({
        ok: true,
        position,
      });
    const parsed = JSON.parse(proof.text) as {
      index: number;
      size: number;
      path: string[];
      entry: string;
      lines: string[];
    };
    const altered = [
      { ...parsed, entry: parsed.entry.replace('"outcome":"', '"outcome":"x') },
      { ...parsed, index: parsed.index + 1 },
      {
        ...parsed,
        entry: parsed.entry.replace(`"position":${position},`, `"position":${position + 1},`),
        index: parsed.index + 1,
      },
      { ...parsed, path: parsed.path.slice(1) },
      { ...parsed, path: [...parsed.path, parsed.path[0] ?? '00'.repeat(32)] },
      { ...parsed, lines: parsed.lines.with(0, parsed.lines[0]!.replace('"root":"', '"root":"00')) },
      {
        ...parsed,
        lines: parsed.lines.with(
          0,
          outside.find((line) => line.includes('"kind":"checkpoint"') && line !== parsed.lines[0])!,
        ),
      },
    ];
    for (const [index, bad] of altered.entries())
      expect(
        verifier.verifyProof(JSON.stringify(bad), { trusted: [first!] }).ok,
        `entry ${position}, alteration ${index}`,
      ).toBe(false);
  }
  await expect(as(ada, (work) => entryProof(work, 1_000_000))).rejects.toMatchObject({ code: 'not_found' });
  await expect(as(ada, (work) => entryProof(work, -1))).rejects.toMatchObject({ code: 'malformed' });

  const file = path.join(directory, 'proof.json');
  writeFileSync(file, (await as(ada, (work) => entryProof(work, 5))).text);
  const key = publicKeyFiles(audit.place)[0]!;
  expect(await runVerifier('--proof', file, '--key', key, '--checkpoints', outsideFile(audit.place))).toMatchObject({
    code: 0,
    said: expect.stringContaining('OK – entry 5 is what was signed'),
  });
  const stranger = path.join(directory, 'stranger.pem');
  writeFileSync(stranger, publicPem(Buffer.alloc(32, 1).toString('base64')));
  expect(await runVerifier('--proof', file, '--key', stranger)).toMatchObject({
    code: 1,
    said: expect.stringContaining('NOT OK – untrusted'),
  });
});

test('a proof of an entry that was altered says that it does not hold', async () => {
  await audit.asSuperuser(`update audit_entries set actor_name = 'Mallory' where position = 10`);
  const proof = await as(ada, (work) => entryProof(work, 10));
  expect(proof.holds).toBe(false);
  expect(verifier.verifyProof(proof.text, { trusted: keys() })).toMatchObject({
    ok: false,
    first: { what: 'altered', position: 10 },
  });
});
