import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { system } from '../kernel/actor.ts';
import { pause } from '../kernel/lifecycle.ts';
import { inWork } from '../kernel/work.ts';
import { until } from '../testing/client.ts';
import { outsideFile } from './outside.ts';
import { rotateKey } from './rotation.ts';
import {
  actOnce,
  loadVerifier,
  openAuditHouse,
  person,
  publicKeyFiles,
  verifyLines,
  writeEntries,
  type AuditHouse,
  type Verifier,
  type VerifierOptions,
} from './testing.ts';

let verifier: Verifier;
let audit: AuditHouse;
beforeAll(async () => void (verifier = await loadVerifier()));
beforeEach(async () => void (audit = await openAuditHouse()));
afterEach(() => audit.close());

const outsideLines = () =>
  existsSync(outsideFile(audit.place))
    ? readFileSync(outsideFile(audit.place), 'utf8').split('\n').filter(Boolean)
    : [];
const trusted = (index = 0) => [verifier.readPublicKey(readFileSync(publicKeyFiles(audit.place)[index]!, 'utf8'))];
const check = async (options: Partial<VerifierOptions> = {}) =>
  verifyLines(verifier, await audit.exported(), { trusted: trusted(), outside: outsideLines(), ...options });
const positions = () =>
  audit.db.rows<{ position: number; tx: string; id: number; action: string }>(
    'select position, tx::text as tx, id, action from audit_entries order by position',
  );

describe('sealing', () => {
  test('entries of many writers are chained without a hole, in the order of their transactions, and rolled-back acts leave nothing', async () => {
    const stop = audit.seal({ batch: 50, every: 200 });
    const unexpected: Error[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 60; n++) {
          const act = inWork(audit.house, system(`writer ${writer}`), async (work) => {
            work.audit({ action: 'test.done', after: { writer, n } });
            if (n % 3 === 0) work.audit({ action: 'test.again', after: { writer, n } });
            if (n % 10 === 9) throw new Error('changed its mind');
            await work.sql('select pg_sleep($1)', [Math.random() / 200]);
          });
          await act.catch((error: Error) => void (error.message !== 'changed its mind' && unexpected.push(error)));
        }
      }),
    );
    await audit.untilSealed();
    await stop();
    const rows = await positions();
    expect(unexpected).toEqual([]);
    expect(rows.length).toBe(8 * (54 + 18));
    expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => index + 1));
    const report = await check();
    expect(report).toMatchObject({ ok: true, entries: rows.length, unsigned: 0, unsealed: 0 });
  });

  test('an act held open is neither overtaken nor lost: what came after it waits, and order is kept', async () => {
    const stop = audit.seal();
    await actOnce(audit.house, 'test.before');
    await audit.untilSealed();
    let release!: () => void;
    const held = actOnce(audit.house, 'test.held', () => new Promise((resolve) => (release = resolve)));
    await until(() => release !== undefined);
    for (let n = 0; n < 20; n++) await actOnce(audit.house, 'test.later');
    await pause(1_500);
    expect((await positions()).filter((row) => row.position !== null).length).toBe(1);
    release();
    await held;
    await audit.untilSealed();
    await stop();
    expect((await positions()).map((row) => row.action)).toEqual([
      'test.before',
      'test.held',
      ...Array.from({ length: 20 }, () => 'test.later'),
    ]);
    expect(await check()).toMatchObject({ ok: true, entries: 22 });
  });

  test('an entry whose transaction lies below sealed ones, or in a former life of the database, is chained all the same', async () => {
    const stop = audit.seal();
    await actOnce(audit.house, 'test.usual');
    await audit.untilSealed();
    await audit.db.rows(
      `insert into audit_entries (tx, actor_name, action, outcome) values ('5', 'restored', 'test.late', 'done'), ('999999999999', 'restored', 'test.former', 'done')`,
    );
    await audit.untilSealed();
    await stop();
    expect((await positions()).map((row) => row.action)).toEqual(['test.usual', 'test.late', 'test.former']);
    expect(await check()).toMatchObject({ ok: true, entries: 3 });
  });

  test('killed between any two statements, the next sealer goes on where it was', async () => {
    await writeEntries(audit.db, 2_000);
    for (let round = 0; round < 12; round++) {
      const stop = audit.seal({ batch: 37, every: 50 });
      await pause(20 + Math.random() * 120);
      // The connection is gone at whatever the sealer is doing; the run ends with an error, as after a crash.
      await audit.db.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'parley audit sealer%' and datname = current_database()`,
      );
      await stop().catch(() => undefined);
      await writeEntries(audit.db, 20);
    }
    await audit.sealAll({ batch: 37, every: 50 });
    expect(await check()).toMatchObject({ ok: true, entries: 2_240, unsigned: 0 });
  });

  test('two processes never seal at once', async () => {
    const first = audit.seal({ batch: 10, every: 20 });
    const second = audit.seal({ batch: 10, every: 20 });
    for (let n = 0; n < 30; n++) await actOnce(audit.house, 'test.done');
    await audit.untilSealed();
    await first();
    await actOnce(audit.house, 'test.heir');
    await audit.untilSealed();
    await second();
    expect(await check()).toMatchObject({ ok: true, entries: 31 });
  });
});

describe('signing', () => {
  test('a checkpoint is signed for a full batch at once, and for a few entries when they are old enough', async () => {
    const stop = audit.seal({ batch: 100, every: 700 });
    await writeEntries(audit.db, 250);
    const checkpoints = () =>
      audit.db.rows<{ first: number; last: number }>(
        `select first_position as first, last_position as last from audit_statements where kind = 'checkpoint' order by number`,
      );
    await until(async () => (await checkpoints()).length === 3);
    expect(await checkpoints()).toEqual([
      { first: 1, last: 100 },
      { first: 101, last: 200 },
      { first: 201, last: 250 },
    ]);
    expect(await check()).toMatchObject({ ok: true, signed: 250, checkpoints: 3 });
    await stop();
  });

  test('the private key is readable by its owner only, and never made anew', async () => {
    for (let round = 0; round < 3; round++) await audit.sealAll();
    const [file, ...more] = publicKeyFiles(audit.place);
    expect(more).toEqual([]);
    expect(statSync(file!.replace('.public.', '.private.')).mode & 0o777).toBe(0o600);
  });

  test('the file outside is made whole again after it was torn, lost, or could not be written', async () => {
    await writeEntries(audit.db, 30);
    await audit.sealAll();
    const whole = outsideLines();
    writeFileSync(outsideFile(audit.place), `${whole[0]}\n${whole[1]!.slice(0, 40)}`);
    await audit.sealAll();
    expect(outsideLines().filter((line) => whole.includes(line))).toEqual(whole);
    expect(await check()).toMatchObject({ ok: true, entries: 30 });
    rmSync(outsideFile(audit.place));
    const stop = audit.seal({ every: 50 });
    await until(() => outsideLines().length === whole.length);
    // A directory stands where the file should be: sealing and signing go on, the log says what is wrong.
    rmSync(audit.place.outside, { recursive: true });
    writeFileSync(audit.place.outside, 'in the way');
    await actOnce(audit.house, 'test.done');
    await audit.untilSealed();
    await until(() => audit.logged.some((line) => line.includes('could not be written outside')));
    rmSync(audit.place.outside);
    await until(() => outsideLines().length === whole.length + 1);
    await stop();
    expect(await check()).toMatchObject({ ok: true, entries: 31 });
  });

  test('without its key the sealer refuses to go on, and says which key it needs; entries wait', async () => {
    await audit.sealAll();
    await actOnce(audit.house, 'test.done');
    const elsewhere = { ...audit.place, keys: path.join(audit.place.keys, 'nowhere') };
    const stop = audit.seal({}, elsewhere);
    await expect(stop()).rejects.toThrow(/does not hold it/);
    expect(await positions()).toMatchObject([{ position: null }]);
    await audit.sealAll();
    expect(await check()).toMatchObject({ ok: true, entries: 1 });
  });
});

describe('key rotation', () => {
  const owner = person('Olga', 'settings.manage');

  test('the old key hands over; old exports verify with the old key, new ones with either', async () => {
    await writeEntries(audit.db, 120);
    await audit.sealAll({ batch: 50 });
    const [firstKey] = trusted();
    const old = await audit.exported();
    const oldOutside = outsideLines();
    const stop = audit.seal({ batch: 50, every: 50 });
    const rotated = await inWork(audit.house, owner, (work) => rotateKey(work));
    expect(rotated.before).toBe(firstKey!.id);
    await writeEntries(audit.db, 120);
    await audit.untilSealed();
    await stop();
    const lines = await audit.exported();
    const second = trusted()
      .concat(trusted(1))
      .find((key) => key.id === rotated.after)!;
    for (const keys of [[firstKey!], [second], [firstKey!, second]])
      expect(verifyLines(verifier, lines, { trusted: keys, outside: outsideLines() })).toMatchObject({
        ok: true,
        entries: 241,
      });
    expect(verifyLines(verifier, old, { trusted: [firstKey!], outside: oldOutside })).toMatchObject({
      ok: true,
      entries: 120,
    });
    // The whole file outside by now knows more than the old export: it is accepted for the part it was asked for.
    expect(verifyLines(verifier, old, { trusted: [firstKey!], outside: outsideLines(), to: 120 })).toMatchObject({
      ok: true,
    });
    expect(
      await audit.db.rows(
        `select action, actor_name as name, before, after from audit_entries where action = 'audit.key-rotated'`,
      ),
    ).toEqual([
      {
        action: 'audit.key-rotated',
        name: 'Olga',
        before: { key: rotated.before },
        after: { key: rotated.after, oldKeyIsLost: false },
      },
    ]);
  });

  test('a rotation that is rolled back leaves no key and no statement; without the permission there is none', async () => {
    await audit.sealAll();
    await expect(
      inWork(audit.house, owner, async (work) => {
        await rotateKey(work);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(publicKeyFiles(audit.place).length).toBe(1);
    await expect(inWork(audit.house, person('Ben'), (work) => rotateKey(work))).rejects.toThrow('settings.manage');
    expect(await audit.db.rows('select number from audit_statements')).toEqual([{ number: 1 }]);
  });

  test('a lost key is replaced only on purpose, and those who trusted it are told', async () => {
    await writeEntries(audit.db, 10);
    await audit.sealAll();
    const old = trusted();
    await expect(inWork(audit.house, owner, (work) => rotateKey(work, { oldKeyIsLost: true }))).rejects.toThrow(
      'not lost',
    );
    rmSync(audit.place.keys, { recursive: true });
    await expect(inWork(audit.house, owner, (work) => rotateKey(work))).rejects.toThrow('cannot hand over');
    await inWork(audit.house, owner, (work) => rotateKey(work, { oldKeyIsLost: true }));
    await audit.sealAll();
    expect(await check()).toMatchObject({ ok: true, entries: 11 });
    expect(await check({ trusted: old })).toMatchObject({ ok: false, first: { what: 'untrusted' } });
    expect(await check({ trusted: [...old, ...trusted()] })).toMatchObject({ ok: true });
  });
});

describe('a database that was restored to an older state', () => {
  let backup: string;
  beforeAll(() => void (backup = mkdtempSync(path.join(tmpdir(), 'parley-backup-'))));
  afterAll(() => rmSync(backup, { recursive: true, force: true }));

  test('positions once signed are not given out again; what is gone is named, and known losses can be passed over', async () => {
    await writeEntries(audit.db, 100);
    await audit.sealAll({ batch: 20 });
    await audit.asSuperuser(
      'delete from audit_entries where position > 70',
      'delete from audit_statements where last_position > 70',
    );
    await writeEntries(audit.db, 5);
    await audit.sealAll({ batch: 20 });
    expect(await audit.db.rows(`select after from audit_entries where action = 'audit.gap-found'`)).toEqual([
      { after: { from: 71, to: 100 } },
    ]);
    expect(audit.logged.join('')).toContain('older than its signed statements outside');
    expect(await check()).toMatchObject({ ok: false, first: { what: 'missing', position: 71 } });
    expect(await check({ lost: [{ from: 71, to: 100 }] })).toMatchObject({ ok: true, entries: 76 });
    expect(await check({ lost: [{ from: 75, to: 100 }] })).toMatchObject({ ok: false, first: { position: 71 } });
  });

  test('continued without the file outside, the fork is found with it', async () => {
    await writeEntries(audit.db, 100);
    await audit.sealAll({ batch: 20 });
    cpSync(outsideFile(audit.place), path.join(backup, 'kept.ndjson'));
    const kept = outsideLines();
    await audit.asSuperuser(
      'delete from audit_entries where position > 60',
      'delete from audit_statements where last_position > 60',
    );
    rmSync(outsideFile(audit.place));
    await writeEntries(audit.db, 40);
    await audit.sealAll({ batch: 20 });
    expect(await check(), 'alone, the new history is sound').toMatchObject({ ok: true, entries: 100 });
    expect(await check({ outside: kept })).toMatchObject({ ok: false, first: { what: 'fork' } });
    // Put back, the file is not overwritten: it keeps both histories.
    cpSync(path.join(backup, 'kept.ndjson'), outsideFile(audit.place));
    await audit.sealAll();
    expect(outsideLines().slice(0, kept.length)).toEqual(kept);
    expect(audit.logged.join('')).toContain('contradict those inside');
  });
});

describe('what is written stays written', () => {
  test('the application’s role can neither change, delete nor empty entries and statements, nor place an entry itself', async () => {
    await writeEntries(audit.db, 3);
    const refused = (text: string) =>
      expect(audit.db.rows(text), text).rejects.toThrow(/only ever added to|Only the sealer/);
    await refused(`update audit_entries set reason = 'x'`);
    await refused(`update audit_entries set position = id, hash = sha256('x')`);
    await audit.sealAll();
    for (const column of ['position = 9', 'hash = null', `actor_name = 'x'`, 'position = position'])
      await refused(`update audit_entries set ${column} where position = 1`);
    await refused(
      `begin; select set_config('parley.sealing', 'on', true); update audit_entries set position = 7, hash = sha256('x') where position = 1`,
    );
    await refused('delete from audit_entries');
    await refused('truncate audit_entries');
    await refused(`insert into audit_entries (actor_name, action, outcome, position) values ('x', 'x', 'done', 9)`);
    await refused(`update audit_statements set line = 'x'`);
    await refused('delete from audit_statements');
    await refused('truncate audit_statements');
    expect(await check()).toMatchObject({ ok: true, entries: 3 });
  });
});
