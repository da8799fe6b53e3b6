import type { ClientBase } from 'pg';
import type { PersonKind } from '@parley/protocol/people.ts';
import type { Work } from '../kernel/work.ts';
import { classes, keyKinds, keysOfName, keysOfPerson, keysVersion, type Facts } from './keys.ts';

/*
 * Keeps the keys of people and departments. Whatever writes a name writes its keys in the same transaction; a trigger
 * notes in `keys_due` whose keys are missing, and the background writes those (people-keys.ts).
 */

/** Rows of a statement, within the transaction that changed the facts. */
export type Query = Work['sql'];

/** The same of a transaction on a connection of its own: imports and the demo. */
export const queryOf =
  (client: ClientBase): Query =>
  async <Row>(text: string, params: unknown[] = []) =>
    (await client.query(text, params)).rows as Row[];

/** People whose keys one statement writes. */
export const keyBatch = 200;

/** Writes the keys of these people as their facts are now. Their rows are new, or locked by this transaction. */
export async function writePersonKeys(query: Query, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += keyBatch) {
    const some = ids.slice(from, from + keyBatch);
    const people = await query<Facts & { id: string; kind: PersonKind }>(
      'select id, kind, name, email, title from users where id = any ($1::uuid[]) order by id',
      [some],
    );
    const rows = people.flatMap(({ id, kind, ...facts }) =>
      keysOfPerson(facts).map((key) => ({ id, class: classes[kind], ...key })),
    );
    await query('delete from person_keys where user_id = any ($1::uuid[])', [some]);
    await query(
      'insert into person_keys (user_id, class, kind, key) select * from unnest($1::uuid[], $2::smallint[], $3::smallint[], $4::text[])',
      [
        rows.map((row) => row.id),
        rows.map((row) => row.class),
        rows.map((row) => row.kind),
        rows.map((row) => row.key),
      ],
    );
    await query('delete from keys_due where id = any ($1::uuid[])', [some]);
  }
}

/** Writes the keys of these departments' names. */
export async function writeDepartmentKeys(query: Query, ids: readonly string[]): Promise<void> {
  const departments = await query<{ id: string; name: string }>(
    'select id, name from departments where id = any ($1::uuid[]) order by id',
    [ids],
  );
  const rows = departments.flatMap(({ id, name }) =>
    keysOfName(name)
      .filter(({ kind }) => kind !== keyKinds.middle)
      .map(({ key }) => key)
      .filter((key, at, all) => all.indexOf(key) === at)
      .map((key) => ({ id, key })),
  );
  await query('delete from department_keys where department_id = any ($1::uuid[])', [ids]);
  await query('insert into department_keys (department_id, key) select * from unnest($1::uuid[], $2::text[])', [
    rows.map(({ id }) => id),
    rows.map(({ key }) => key),
  ]);
  await query('delete from keys_due where id = any ($1::uuid[])', [ids]);
}

/** Makes everything due if the keys are of an older version of the code. */
export async function renewKeys(work: Work): Promise<void> {
  const [row] = await work.sql<{ version: number }>('select version from keys_version for no key update');
  // A newer process may have been here; an older one would only turn it back and forth.
  if (row!.version >= keysVersion) return;
  await work.sql(`insert into keys_due (id, what) select id, 'person' from users on conflict do nothing`);
  await work.sql(`insert into keys_due (id, what) select id, 'department' from departments on conflict do nothing`);
  await work.sql('update keys_version set version = $1', [keysVersion]);
}

/**
 * Writes some of the keys that are due; returns whether there may be more. What another transaction holds is left for
 * the next time.
 */
export async function writeDueKeys(work: Work): Promise<boolean> {
  const departments = await lockDue(work, 'department');
  if (departments.length > 0) {
    await writeDepartmentKeys(work.sql, departments);
    return true;
  }
  const people = await lockDue(work, 'person');
  if (people.length > 0) {
    await writePersonKeys(work.sql, people);
    return true;
  }
  await work.sql(
    `delete from keys_due k where not exists (select from users u where u.id = k.id)
       and not exists (select from departments d where d.id = k.id)`,
  );
  return false;
}

/** Some of those whose keys are due, without those that another transaction holds. Locked until the act ends. */
async function lockDue(work: Work, what: 'person' | 'department'): Promise<string[]> {
  const rows = await work.sql<{ id: string }>(
    `select id from ${what === 'person' ? 'users' : 'departments'}
     where id in (select k.id from keys_due k where k.what = $1 order by k.id limit $2)
     order by id for no key update skip locked`,
    [what, keyBatch],
  );
  return rows.map(({ id }) => id);
}
