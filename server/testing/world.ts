import { createHash } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { createApp, type App } from '../app.ts';
import { readConfig, type Config } from '../config.ts';
import { system } from '../kernel/actor.ts';
import { openDatabase, type Database } from '../kernel/database.ts';
import { newId } from '../kernel/ids.ts';
import { createLog } from '../kernel/log.ts';
import { inWork } from '../kernel/work.ts';
import { writePersonKeys } from '../users/key-store.ts';
import { TestClient } from './client.ts';
import { freshDatabase } from './database.ts';

/** The password of a person made by a test. */
export const passwordOf = (name: string): string =>
  `quiet lantern ${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;

/** The server of one test file, on a database of its own, reached over its real doors. */
export type World = {
  app: App;
  db: Database;
  config: Config;
  origin: string;
  /** What the server wrote to its log, a line each. */
  logged: string[];
  /**
   * Makes a person with roles (`member` unless said otherwise) and a password that keeps the rules: it does not hold
   * their name.
   */
  person(
    name: string,
    options?: { roles?: string[]; kind?: 'person' | 'guest' | 'bot' },
  ): Promise<{ id: string; name: string; email: string; password: string }>;
  /** A signed-in, connected device of a person made before, or made now. */
  device(name: string, options?: { roles?: string[]; kind?: 'person' | 'guest' }): Promise<TestClient>;
  close(): Promise<void>;
};

export type WorldOptions = { env?: Record<string, string>; databaseUrl?: string; clickhouseUrl?: string };

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const fresh = options.databaseUrl ? null : await freshDatabase();
  const databaseUrl = options.databaseUrl ?? fresh!.url;
  const clickhouseUrl = options.clickhouseUrl ?? fresh?.clickhouseUrl ?? '';
  const config = readConfig({
    PARLEY_PORT: '0',
    PARLEY_SECRET: 'a secret that only tests share with each other',
    PARLEY_DATA: `/tmp/parley-test-${process.pid}-${newId().slice(-8)}`,
    PARLEY_ACCEPT_UNSAFE_DATABASE: 'true',
    PARLEY_SIGN_INS_PER_MINUTE: '100000',
    PARLEY_CALLS_PER_SECOND: '100000',
    PARLEY_STRANGER_CALLS_PER_SECOND: '100000',
    PARLEY_DATABASE_POOL: '6',
    ...options.env,
  });
  const logged: string[] = [];
  const log = createLog(options.env?.['PARLEY_LOG'] ?? 'info', { write: (line: string) => void logged.push(line) });
  const db = openDatabase(databaseUrl, log, { poolSize: config.databasePool });
  const app = createApp({ config, db, log, clickhouseUrl });
  const origin = await app.start();
  const people = new Map<string, Awaited<ReturnType<World['person']>>>();
  const clients: TestClient[] = [];
  const world: World = {
    app,
    db,
    config,
    origin,
    logged,
    async person(name, { roles = ['member'], kind = 'person' } = {}) {
      const known = people.get(name);
      if (known) return known;
      const person = {
        id: newId(),
        name,
        email: `${name.toLowerCase().replaceAll(' ', '.')}@example.com`,
        password: passwordOf(name),
      };
      await inWork(app.house, system('people keys'), async ({ sql }) => {
        const facts = [person.id, kind, name, person.email];
        await sql(`insert into users (id, kind, name, email) values ($1, $2, $3, $4)`, facts);
        await writePersonKeys(sql, [person.id]);
      });
      // Cheap on purpose: tests sign in a hundred times.
      await db.rows('insert into passwords (user_id, hash) values ($1, $2)', [
        person.id,
        await hash(person.password, { memoryCost: 1024, timeCost: 1 }),
      ]);
      await db.rows('insert into role_grants (user_id, role) select $1, unnest($2::text[])', [person.id, roles]);
      people.set(name, person);
      return person;
    },
    async device(name, options) {
      const person = await world.person(name, options);
      const client = await TestClient.signIn(origin, person);
      clients.push(client);
      await client.connect();
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await app.stop();
      await db.close();
      await fresh?.drop();
    },
  };
  return world;
}
