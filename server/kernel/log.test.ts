import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function logged(fields: Record<string, unknown>): string {
  const lines: string[] = [];
  createLog('info', { write: (line: string) => void lines.push(line) }).info(fields, 'said');
  return lines[0]!;
}

test('an error is logged as type, message, code and stack, without what hangs on it', () => {
  const client = new Client({ host: 'canary-host', user: 'canary-user', password: 'canary-password' });
  const error = Object.assign(new Error('outer', { cause: Object.assign(new Error('inner'), { client }) }), {
    code: 'ECONNREFUSED',
    client,
    parameters: ['canary-parameter'],
  });
  for (const fields of [{ err: error }, { meta: { error, client } }, { meta: [{ error }] }, { error, client }]) {
    const line = logged(fields);
    expect(line).not.toContain('canary');
    expect(line).toContain('"message":"outer"');
    expect(line).toContain('"message":"inner"');
    expect(line.length).toBeLessThan(6_000);
  }
  expect(JSON.parse(logged({ err: error }))).toMatchObject({
    err: { type: 'Error', message: 'outer', code: 'ECONNREFUSED', cause: { message: 'inner' } },
  });
  expect(JSON.parse(logged({ client }))).toMatchObject({ client: '[Client]' });
});

test('codes, tokens and passwords are redacted wherever they stand', () => {
  const line = logged({
    code: 'ABCD-EFGH',
    nested: { token: 'canary', code: 'ABCDEFGH' },
    deep: { er: { password: 'canary' } },
  });
  expect(line).not.toMatch(/canary|ABCD/);
});
