import pg from 'pg';
import { expect, test } from 'vitest';
import { freshDatabase, ownCluster } from './database.ts';

const ask = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

test('every fresh database is migrated, empty and apart from the others', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
  await ask(one!.url, 'create table only_here (id int)');
  expect(await ask(one!.url, 'select count(*)::int as n from messages')).toEqual([{ n: 0 }]);
  expect(await ask(two!.url, "select to_regclass('only_here') as found")).toEqual([{ found: null }]);
  await Promise.all([one!.drop(), two!.drop()]);
  await expect(ask(one!.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});

test('a cluster of its own keeps what was committed through kills and restarts, at one address', async () => {
  const own = await ownCluster();
  await ask(own.url, 'create table note (text text)');
  for (const [text, harm] of [
    ['kill', own.killPostgres],
    ['restart', own.restart],
    ['analytics', own.killClickhouse],
  ] as const) {
    await ask(own.url, `insert into note values ('${text}')`);
    await harm();
    await own.untilPostgresAnswers();
    await own.untilClickhouseAnswers();
  }
  expect(await ask(own.url, 'select text from note')).toEqual([
    { text: 'kill' },
    { text: 'restart' },
    { text: 'analytics' },
  ]);
  expect(await ask(own.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await own.stop();
  await expect(ask(own.url, 'select 1')).rejects.toThrow();
});
