import pg from 'pg';
import { Sequelize, type Transaction } from 'sequelize';
import type { Logger } from './log.ts';

// Counters and row numbers stay far below 2^53: read them as numbers everywhere.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** One database, reached in two ways: Sequelize for the plain road, a pool of prepared statements for the hot one. */
export type Database = {
  url: string;
  /**
   * Reaches the server itself where `url` goes through a pooler: for what belongs to a session, as locks and
   * notifications do.
   */
  directUrl: string;
  sequelize: Sequelize;
  pool: pg.Pool;
  /** Reads outside any act. `name` makes it a prepared statement. */
  rows<Row>(text: string, params?: unknown[], name?: string): Promise<Row[]>;
  /** A connection of its own, for lanes and watchers that must not queue behind others. */
  client(purpose: string): Promise<pg.Client>;
  close(): Promise<void>;
};

export type DatabaseOptions = { poolSize?: number; statementTimeout?: number; directUrl?: string | null };

export function openDatabase(url: string, log: Logger, options: DatabaseOptions = {}): Database {
  const max = options.poolSize ?? 10;
  const statementTimeout = options.statementTimeout ?? 30_000;
  const settings = {
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: 60_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  };
  const sequelize = new Sequelize(url, {
    dialect: 'postgres',
    dialectModule: pg,
    logging: false,
    pool: { max, acquire: 10_000, idle: 30_000 },
    retry: { max: 0 },
    dialectOptions: settings,
    define: { underscored: true, freezeTableName: true },
  });
  const pool = new pg.Pool({ connectionString: url, max, ...settings, application_name: 'parley' });
  // A connection lost while idle is replaced at the next use.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  const directUrl = options.directUrl || url;
  return {
    url,
    directUrl,
    sequelize,
    pool,
    async rows<Row>(text: string, params: unknown[] = [], name?: string) {
      const result = await pool.query({ text, values: params, ...(name ? { name: preparedName(name, text) } : {}) });
      return result.rows as Row[];
    },
    async client(purpose) {
      const client = new pg.Client({
        connectionString: directUrl,
        application_name: `parley ${purpose}`.slice(0, 63),
        connectionTimeoutMillis: 5_000,
        keepAlive: true,
      });
      client.on('error', (error) => log.warn({ err: error, purpose }, 'a database connection was lost'));
      await client.connect();
      return client;
    },
    async close() {
      await Promise.allSettled([sequelize.close(), pool.end()]);
    },
  };
}

const prepared = new Map<string, string>();

/** Two modules may choose one name; the driver would refuse the second text under it. */
function preparedName(name: string, text: string): string {
  let known = prepared.get(text);
  if (!known) prepared.set(text, (known = `${name} ${prepared.size + 1}`));
  return known;
}

/**
 * A parameter the planner makes no guess from. It plans a prepared statement again at every call for as long as the values at hand promise a
 * cheaper plan than any values would; where there is only one good plan that is all loss: of a page of history it was more than half the cost.
 */
export const anyValue = (parameter: string): string => `(select ${parameter})`;

/** One changed row, as a plan shows it. */
export type RowChange = {
  table: string;
  id: string;
  op: 'insert' | 'update' | 'delete';
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

/** The act a transaction belongs to: where its changed rows are written down. */
const acts = new WeakMap<Transaction, { changes: RowChange[] }>();

export const markAct = (transaction: Transaction, act: { changes: RowChange[] }): void =>
  void acts.set(transaction, act);

type Row = {
  constructor: unknown;
  get(): Record<string, unknown>;
  previous(): Record<string, unknown>;
  changed(): string[] | false;
};
type HookOptions = { transaction?: Transaction | null; individualHooks?: boolean };

/**
 * Refuses every model write outside an act, and writes each changed row down for the act's plan.
 * Writing around the act would leave a change without its event and its audit entry.
 */
export function guardWrites(sequelize: Sequelize): void {
  const actOf = (options: HookOptions) => {
    const act = options.transaction ? acts.get(options.transaction) : undefined;
    if (!act) throw new Error('A row is written outside an act: use inWork and pass its transaction.');
    return act;
  };
  const noteRow = (op: RowChange['op']) => (row: unknown, options: unknown) => {
    const { table, id, now, before } = snapshot(row as Row);
    actOf(options as HookOptions).changes.push({
      table,
      id,
      op,
      before: op === 'insert' ? null : before,
      after: op === 'delete' ? null : now,
    });
  };
  const refuseBulk = (options: unknown) => {
    actOf(options as HookOptions);
    if (!(options as HookOptions).individualHooks)
      throw new Error(
        'A bulk write hides its rows from the plan: pass individualHooks, or use work.sql with work.changed.',
      );
  };
  sequelize.addHook('beforeSave', (_row, options) => void actOf(options as HookOptions));
  sequelize.addHook('beforeDestroy', (_row, options) => void actOf(options as HookOptions));
  sequelize.addHook('beforeUpsert', (_values, options) => void actOf(options as HookOptions));
  sequelize.addHook('beforeBulkCreate', (_rows, options) => refuseBulk(options));
  sequelize.addHook('beforeBulkUpdate', refuseBulk);
  sequelize.addHook('beforeBulkDestroy', refuseBulk);
  sequelize.addHook('afterCreate', noteRow('insert'));
  sequelize.addHook('afterUpdate', noteRow('update'));
  sequelize.addHook('afterDestroy', noteRow('delete'));
}

function snapshot(row: Row): {
  table: string;
  id: string;
  now: Record<string, unknown>;
  before: Record<string, unknown>;
} {
  const model = row.constructor as { getTableName(): string; primaryKeyAttributes: string[] };
  const now = { ...row.get() };
  const before: Record<string, unknown> = {};
  const previous = row.previous();
  for (const key of Object.keys(now)) before[key] = key in previous ? previous[key] : now[key];
  return {
    table: model.getTableName(),
    id: model.primaryKeyAttributes.map((key) => String(now[key])).join(':'),
    now,
    before,
  };
}
