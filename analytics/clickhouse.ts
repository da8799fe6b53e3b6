import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';

/** One query's answer with what it cost, so that a number can say how it came about. */
export type Answer<Row> = { rows: Row[]; elapsedMs: number; rowsRead: number; bytesRead: number };

/** ClickHouse, embedded or remote, behind one API: the same client, the same SQL, the same parameters. */
export type Clickhouse = {
  query<Row>(sql: string, params?: Record<string, unknown>, options?: { heavy?: boolean }): Promise<Answer<Row>>;
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  /** Inserts rows already written as TSV, under a token: the same token again changes nothing, in the table and in every view of it. */
  insert(table: string, columns: readonly string[], tsv: string, token: string): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

/**
 * All three together keep a repeated insert from counting twice: the token names the batch, the second carries deduplication into materialised
 * views, and each table has a window of its own (see the migrations). Without one of them the base is right and a view counts twice.
 * ClickHouse 26 has the second on by itself, servers before it do not.
 */
const repeatable = { deduplicate_blocks_in_dependent_materialized_views: 1, insert_deduplicate: 1 } as const;
/** Events are kept by month. A batch of a slow list's history spans more than the hundred ClickHouse takes unasked, and would be refused for ever. */
const anyMonths = { max_partitions_per_insert_block: '0' } as const;

export function openClickhouse(url: string): Clickhouse {
  const client: ClickHouseClient = createClient({
    url,
    request_timeout: 60_000,
    max_open_connections: 8,
    compression: { request: false, response: false },
    // The departments of a large company do not fit into an address.
    use_multipart_params_auto: true,
    // What fails is thrown, and said once, by whoever asked.
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    async query<Row>(sql: string, params: Record<string, unknown> = {}, { heavy = false } = {}) {
      const answer = await client.query({
        ...inParts(sql, params),
        format: 'JSON',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0, ...(heavy ? { priority: '2' } : {}) },
      });
      const body = (await answer.json()) as {
        data: Row[];
        statistics?: { elapsed: number; rows_read: number; bytes_read: number };
      };
      const { elapsed = 0, rows_read = 0, bytes_read = 0 } = body.statistics ?? {};
      return { rows: body.data, elapsedMs: elapsed * 1_000, rowsRead: rows_read, bytesRead: bytes_read };
    },
    async command(sql, params = {}) {
      await client.command({ query: sql, query_params: params, clickhouse_settings: { mutations_sync: '2' } });
    },
    async insert(table, columns, tsv, token) {
      await client.insert({
        table,
        columns: columns as [string, ...string[]],
        // Raw formats are only taken as streams of texts.
        values: Readable.from([tsv], { objectMode: false }),
        format: 'TabSeparated',
        clickhouse_settings: { ...repeatable, ...anyMonths, insert_deduplication_token: token },
      });
    },
    async ping() {
      const answer = await client.ping();
      if (!answer.success) throw answer.error;
    },
    close: () => client.close(),
  };
}

/** So many ids stay well below the 128 KiB ClickHouse takes as one field of a form (`http_max_field_value_size`), which no request can raise. */
const mostInAField = 2_000;

/** A statement with its parameters as they are sent: a longer list goes in several fields, which the statement puts together again. */
function inParts(
  sql: string,
  params: Record<string, unknown>,
): { query: string; query_params: Record<string, unknown> } {
  let query = sql;
  const sent = { ...params };
  for (const [name, value] of Object.entries(params)) {
    if (!Array.isArray(value) || value.length <= mostInAField) continue;
    const fields: string[] = [];
    for (let from = 0; from < value.length; from += mostInAField) {
      const field = from === 0 ? name : `${name}_${from}`;
      sent[field] = value.slice(from, from + mostInAField);
      fields.push(field);
    }
    query = query.replaceAll(
      new RegExp(`\\{${name}:([^{}]+)\\}`, 'g'),
      (_, type: string) => `arrayConcat(${fields.map((field) => `{${field}:${type}}`).join(', ')})`,
    );
  }
  return { query, query_params: sent };
}

const directory = fileURLToPath(new URL('./migrations/', import.meta.url));

/** Brings the analytics store to this version: numbered files, each statement ended by a line `;`, remembered in `analytics_migrations`. */
export async function migrateClickhouse(clickhouse: Clickhouse): Promise<string[]> {
  await clickhouse.command(
    'create table if not exists analytics_migrations (name String, at DateTime default now()) engine = MergeTree order by name',
  );
  const { rows } = await clickhouse.query<{ name: string }>('select name from analytics_migrations');
  const done = new Set(rows.map((row) => row.name));
  const files = readdirSync(directory)
    .filter((name) => /^\d{4}_[\w-]+\.sql$/.test(name) && !done.has(name))
    .sort();
  for (const name of files) {
    // Statements are "if not exists": ClickHouse has no transactions around them, and a start that was cut off runs the file again.
    for (const statement of readFileSync(path.join(directory, name), 'utf8').split(/^;$/m))
      if (statement.trim()) await clickhouse.command(statement);
    await clickhouse.command('insert into analytics_migrations (name) values ({name:String})', { name });
  }
  return files;
}
