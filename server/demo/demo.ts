import { randomInt } from 'node:crypto';
import { hashPassword } from '../identity/passwords.ts';
import type { Database } from '../kernel/database.ts';
import { emailOf, readCompany } from './company.ts';
import { placesOf, putPeople, putReading, putRooms, putTalk } from './filling.ts';
import { readTalk } from './scenes.ts';

/*
 * A company to look around in: Harborline, which makes software for ports, with a month of its talk. What is said is in talk/, who is who in
 * company.json. It is dated relative to the moment of seeding and is otherwise the same every time, passwords excepted.
 */

/** Somebody to sign in as. The password is known only to whoever receives this. */
export type Account = { name: string; email: string; role: string; password: string };

/**
 * Fills an empty database with the demo company, in one transaction, and returns the accounts to sign in with. Where there is anybody already
 * it changes nothing and returns null.
 */
export async function seedDemo(db: Database, options: { now?: number } = {}): Promise<Account[] | null> {
  const now = options.now ?? Date.now();
  const company = readCompany();
  const accounts = await Promise.all(
    company.people.filter((person) => person.account).map(async (person) => ({ person, ...(await newPassword()) })),
  );
  const client = await db.client('demo');
  try {
    await client.query('begin');
    // Two starts at once must not both find it empty.
    await client.query('lock table users in share row exclusive mode');
    const { rows } = await client.query<{ empty: boolean }>('select not exists (select from users) as empty');
    if (!rows[0]!.empty) return null;
    const said = readTalk(new Set(company.people.map((person) => person.key)), now);
    const ids = await putPeople(client, company, now);
    await client.query('insert into passwords (user_id, hash) select * from unnest($1::uuid[], $2::text[])', [
      accounts.map(({ person }) => ids.get(person.key)),
      accounts.map(({ hash }) => hash),
    ]);
    const rooms = await putRooms(client, placesOf(company, said), company, ids, now);
    await putTalk(client, company, said, ids, rooms);
    await putReading(client, company, ids, rooms, now);
    await client.query('commit');
    await client.query('analyze');
    return accounts.map(({ person, password }) => ({
      name: person.name,
      email: emailOf(person, company)!,
      role: person.account!,
      password,
    }));
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}

/** Easy to read aloud and to type: four times two syllables, some 50 bits. */
async function newPassword(): Promise<{ password: string; hash: string }> {
  const of = (letters: string) => letters[randomInt(letters.length)]!;
  const syllable = () => of('bdfghjklmnprstvz') + of('aeiou');
  const password = Array.from({ length: 4 }, () => syllable() + syllable()).join('-');
  return { password, hash: await hashPassword(password) };
}
