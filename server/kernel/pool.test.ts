import pg from 'pg';
import { expect, test } from 'vitest';
import { until } from '../testing/client.ts';
import { freshDatabase } from '../testing/database.ts';
import { errandPool } from './pool.ts';

test('a connection that is cut while nobody uses it is no news, and whoever asks next gets another', async () => {
  const { url, drop } = await freshDatabase();
  const pool = errandPool(url, 1);
  const here = async () => (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
  const first = await here();
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('select pg_terminate_backend($1)', [first]);
  await other.end();
  await until(() => pool.totalCount === 0, 'the pool to let the connection go');
  expect(await here()).not.toBe(first);
  await pool.end();
  await drop();
});
