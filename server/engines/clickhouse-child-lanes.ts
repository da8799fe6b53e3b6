/**
 * Two lanes into one embedded ClickHouse. One connection runs one statement at a time, so a dashboard tile behind a
 * heavy query would wait as long as that query takes. Heavy queries therefore have a connection of their own and never
 * stand in front of anything light; light ones share two, so that an insert does not hold up a tile.
 *
 * Whoever asks says which is which with ClickHouse's own setting `priority`: 2 and above is heavy. A real server
 * understands it in the same sense, so callers need not know which one they talk to.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { Session } from 'chdb';
import { identifier, literal } from './clickhouse-child-sql.ts';

export type Statement = {
  sql: string;
  /** Data that came apart from the statement, in the statement's own FORMAT. */
  data?: Buffer | undefined;
  database: string;
  /** The format of an answer whose statement names none. */
  format: string;
  /** Values of {name:Type} as ClickHouse's HTTP interface carries them: escaped as in TSV. */
  params: Map<string, string>;
  settings: Map<string, string>;
  heavy: boolean;
  /** SET, USE and the like leave traces in a connection, which then is not used again. */
  leavesTraces: boolean;
  /** Aborted when the caller has gone: what still waits is then not run at all. */
  signal: AbortSignal;
};

export type Outcome = {
  bytes: Uint8Array;
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  elapsed: number;
};
type Waiting = { statement: Statement; resolve(outcome: Outcome): void; reject(error: unknown): void };

/*
 * chdb's own insert() takes only a few formats and writes the statement itself; the call below it takes any prefix and
 * any bytes without turning them into a string, and says how many rows were written. It is no part of chdb's published
 * interface: the version is pinned, and clickhouse-child.test.ts inserts in several formats through it.
 */
type Native = {
  InsertRawAsyncConnection(
    connection: unknown,
    prefix: string,
    data: Buffer,
    countLines: boolean,
  ): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
};
const fromHere = createRequire(import.meta.url);
const native = (
  fromHere(join(dirname(fromHere.resolve('chdb/package.json')), 'dist', 'loader.js')) as { loadNative(): Native }
).loadNative();

export class Lanes {
  readonly #lanes: { light: Lane; heavy: Lane };

  constructor(directory: string) {
    const halfTheMachine = String(Math.max(1, Math.floor(availableParallelism() / 2)));
    this.#lanes = {
      light: new Lane(directory, 2, new Map()),
      heavy: new Lane(directory, 1, new Map([['max_threads', halfTheMachine]])),
    };
  }

  /** Runs a statement when its turn comes. Rejects with the engine's own error. */
  run(statement: Statement): Promise<Outcome> {
    return this.#lanes[statement.heavy ? 'heavy' : 'light'].run(statement);
  }

  /** Takes nothing more, waits for what runs, closes the connections. What still waits is refused. */
  async close(): Promise<void> {
    await Promise.all([this.#lanes.light.close(), this.#lanes.heavy.close()]);
  }
}

class Lane {
  readonly #waiting: Waiting[] = [];
  readonly #free: Connection[];
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(directory: string, width: number, defaults: Map<string, string>) {
    this.#free = Array.from({ length: width }, () => new Connection(directory, defaults));
  }

  run(statement: Statement): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statement, resolve, reject });
      this.#startNext();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(shuttingDown());
    await Promise.all(this.#running);
    for (const connection of this.#free) connection.close();
  }

  #startNext(): void {
    while (this.#free.length > 0 && this.#waiting.length > 0) {
      const { statement, resolve, reject } = this.#waiting.shift()!;
      if (this.#closed || statement.signal.aborted) {
        reject(shuttingDown());
        continue;
      }
      const connection = this.#free.pop()!;
      const turn: Promise<void> = connection
        .run(statement)
        .then(resolve, reject)
        .finally(() => {
          this.#running.delete(turn);
          this.#free.push(connection);
          this.#startNext();
        });
      this.#running.add(turn);
    }
  }
}

/** One connection and what it was last told: database and settings change only when the next statement wants others. */
class Connection {
  readonly #directory: string;
  readonly #defaults: Map<string, string>;
  #session: Session;
  #database = 'default';
  #settings = new Map<string, string>();

  constructor(directory: string, defaults: Map<string, string>) {
    this.#directory = directory;
    this.#defaults = defaults;
    this.#session = new Session(directory);
  }

  async run(statement: Statement): Promise<Outcome> {
    try {
      await this.#tune(statement);
      return statement.data
        ? await this.#insert(statement.sql, statement.data)
        : await this.#ask(statement.sql, statement.format);
    } finally {
      if (statement.leavesTraces) this.#renew();
    }
  }

  close(): void {
    this.#session.close();
  }

  async #ask(sql: string, format: string): Promise<Outcome> {
    const result = await this.#session.queryAsync(sql, { format });
    return {
      bytes: result.bytes(),
      readRows: result.rowsRead,
      readBytes: result.bytesRead,
      writtenRows: 0,
      writtenBytes: 0,
      elapsed: result.elapsed,
    };
  }

  async #insert(sql: string, data: Buffer): Promise<Outcome> {
    // The call puts the line break between statement and data itself: a second one would be the first byte of the data.
    const done = await native.InsertRawAsyncConnection(
      this.#session.connection,
      sql.replace(/[\s;]+$/, ''),
      data,
      false,
    );
    return {
      bytes: new Uint8Array(0),
      readRows: 0,
      readBytes: 0,
      writtenRows: done.rowsWritten,
      writtenBytes: done.bytesWritten,
      elapsed: done.elapsed,
    };
  }

  async #tune(statement: Statement): Promise<void> {
    if (statement.database !== this.#database) {
      await this.#session.queryAsync(`use ${identifier(statement.database)}`);
      this.#database = statement.database;
    }
    const wanted = new Map([...this.#defaults, ...statement.settings]);
    const changes = [
      ...[...this.#settings.keys()].filter((name) => !wanted.has(name)).map((name) => `${name} = DEFAULT`),
      ...[...wanted]
        .filter(([name, value]) => this.#settings.get(name) !== value)
        .map(([name, value]) => `${name} = ${literal(value)}`),
    ];
    // Parameters go the same way: bound through chdb's own call they would be shared by all connections of the process
    // and two statements at once would read each other's values.
    const params = [...statement.params].map(([name, value]) => `param_${name} = ${literal(value)}`);
    try {
      for (const some of shortOnes([...changes, ...params])) await this.#session.queryAsync(`set ${some.join(', ')}`);
      this.#settings = wanted;
    } catch (error) {
      this.#renew(); // a refused setting may have left others of the same statement behind
      throw error;
    }
  }

  #renew(): void {
    // The new one first: with no connection left, the engine would stop and start again.
    const session = new Session(this.#directory);
    this.#session.close();
    this.#session = session;
    this.#database = 'default';
    this.#settings = new Map();
  }
}

/** Less than half of the 256 KiB of a statement (`max_query_size`): a field of a form is at most 128 KiB long, and its quotes are escaped here. */
const mostInAStatement = 120_000;

/** The same assignments, as many together as one statement takes. */
function shortOnes(assignments: readonly string[]): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const assignment of assignments) {
    if (assignment.length > room || groups.length === 0) {
      groups.push([]);
      room = mostInAStatement;
    }
    groups.at(-1)!.push(assignment);
    room -= assignment.length;
  }
  return groups;
}

const shuttingDown = (): Error =>
  new Error('Code: 236. DB::Exception: The embedded ClickHouse is stopping, or the caller has gone. (ABORTED)');
