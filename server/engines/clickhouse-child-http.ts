/**
 * The part of ClickHouse's HTTP interface that ClickHouse's own JavaScript client uses: /ping, statements in the body
 * or in ?query= with data in the body, database, default_format, param_…, settings, gzip either way, basic
 * authentication, and errors with ClickHouse's code. What is not supported is refused with a code, never ignored:
 * sessions (session_id), roles and multipart bodies.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Lanes, Statement } from './clickhouse-child-lanes.ts';
import { glance } from './clickhouse-child-sql.ts';

const SERVER_NAME = 'parley-embedded';
const HEAVY = 2;
/** Names in the address that are no settings of the engine; `priority` chooses the lane. */
const NOT_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
  'quota_key',
  'compress',
  'decompress',
  'stacktrace',
  'wait_end_of_query',
  'buffer_size',
  'priority',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
  'close_session',
]);
const LEAVES_TRACES = new Set(['set', 'use']);

export type Credentials = { user: string; password: string };

/** Answers one request. Never throws: whatever goes wrong becomes an answer in ClickHouse's form. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  lanes: Lanes,
  credentials: Credentials,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader('X-ClickHouse-Server-Display-Name', SERVER_NAME);
  if (url.pathname.endsWith('/ping')) return void response.end('Ok.\n');
  const queryId = url.searchParams.get('query_id') ?? '';
  if (queryId) response.setHeader('X-ClickHouse-Query-Id', queryId);
  try {
    authenticate(request, url, credentials);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const statement = await readStatement(request, url, gone.signal);
    const outcome = await lanes.run(statement);
    const summary = {
      read_rows: outcome.readRows,
      read_bytes: outcome.readBytes,
      written_rows: outcome.writtenRows,
      written_bytes: outcome.writtenBytes,
      total_rows_to_read: 0,
      result_rows: 0,
      result_bytes: outcome.bytes.length,
      elapsed_ns: Math.round(outcome.elapsed * 1e9),
    };
    response.setHeader(
      'X-ClickHouse-Summary',
      JSON.stringify(Object.fromEntries(Object.entries(summary).map(([name, value]) => [name, String(value)]))),
    );
    response.setHeader('X-ClickHouse-Format', statement.format);
    await send(request, response, url, 200, outcome.bytes);
  } catch (error) {
    const words = String((error as Error).message);
    const code = Number(/Code: (\d+)/.exec(words)?.[1] ?? 1002);
    const text = words.startsWith('Code: ') ? words : `Code: ${code}. DB::Exception: ${words} (UNKNOWN_EXCEPTION)`;
    response.setHeader('X-ClickHouse-Exception-Code', String(code));
    await send(request, response, url, statusOf(code), Buffer.from(`${text}\n`));
  }
}

function authenticate(request: IncomingMessage, url: URL, { user, password }: Credentials): void {
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const decoded = basic ? Buffer.from(basic, 'base64').toString() : '';
  const colon = decoded.indexOf(':');
  const header = (name: string) => request.headers[name] as string | undefined;
  const givenUser = basic
    ? decoded.slice(0, colon)
    : (header('x-clickhouse-user') ?? url.searchParams.get('user') ?? '');
  const givenPassword = basic
    ? decoded.slice(colon + 1)
    : (header('x-clickhouse-key') ?? url.searchParams.get('password') ?? '');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(`${givenUser}\0${givenPassword}`), digest(`${user}\0${password}`)))
    throw refusal(
      516,
      `${givenUser}: Authentication failed: password is incorrect, or there is no user with such name`,
      'AUTHENTICATION_FAILED',
    );
}

/** As much as a ClickHouse server takes in one field (`http_max_field_value_size`): what it would refuse must not pass here. */
const mostInAField = 128 * 1024;

/** Parameters too long for an address come as the parts of a form, and the statement with them. */
async function readForm(request: IncomingMessage): Promise<Map<string, string> | null> {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data/i.test(type)) return null;
  const form = await new Response(await readBody(request), { headers: { 'content-type': type } })
    .formData()
    .catch((error: unknown) => {
      throw refusal(27, `The form cannot be read: ${(error as Error).message}`, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED');
    });
  const parts = [...form].map(([name, value]) => {
    if (typeof value !== 'string')
      throw refusal(48, `The embedded ClickHouse takes no files: ${name}`, 'NOT_IMPLEMENTED');
    if (Buffer.byteLength(value) > mostInAField) throw refusal(1000, `Field value too long: ${name}`, 'POCO_EXCEPTION');
    return [name, value] as const;
  });
  return new Map(parts);
}

async function readStatement(request: IncomingMessage, url: URL, signal: AbortSignal): Promise<Statement> {
  for (const name of ['session_id', 'role']) {
    if (url.searchParams.has(name))
      throw refusal(48, `The embedded ClickHouse does not support ${name}`, 'NOT_IMPLEMENTED');
  }
  const form = await readForm(request);
  const body = form ? Buffer.alloc(0) : await readBody(request);
  const inAddress = form?.get('query') ?? url.searchParams.get('query');
  const sql = (inAddress ?? body.toString('utf8')).trim();
  const { firstWord, placeholders, hasSecond } = glance(sql);
  const isInsert = firstWord === 'insert';
  // A statement split over the address and the body is one text to ClickHouse, unless the body is an insert's data.
  const whole = inAddress === null || isInsert || body.length === 0 ? sql : `${sql}\n${body.toString('utf8')}`;
  if (whole === '') throw refusal(62, 'Empty query', 'SYNTAX_ERROR');
  if (hasSecond) throw refusal(62, 'Syntax error (Multi-statements are not allowed)', 'SYNTAX_ERROR');

  const params = new Map<string, string>();
  const settings = new Map<string, string>();
  for (const [name, value] of form ?? []) if (name.startsWith('param_')) params.set(checkName(name.slice(6)), value);
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) params.set(checkName(name.slice(6)), value);
    else if (!NOT_SETTINGS.has(name)) settings.set(checkName(name), value);
  }
  for (const name of placeholders) {
    // The connection may still know a value that an earlier statement bound to this name.
    if (!params.has(name)) throw refusal(456, `Substitution \`${name}\` is not set`, 'UNKNOWN_QUERY_PARAMETER');
  }
  return {
    sql: whole,
    data: isInsert && inAddress !== null && body.length > 0 ? body : undefined,
    database: url.searchParams.get('database') ?? databaseIn(request, url) ?? 'default',
    format:
      url.searchParams.get('default_format') ??
      (request.headers['x-clickhouse-format'] as string | undefined) ??
      'TabSeparated',
    params,
    settings,
    heavy: Number(url.searchParams.get('priority') ?? 0) >= HEAVY,
    leavesTraces: LEAVES_TRACES.has(firstWord) || /^\s*create\s+temporary/i.test(whole),
    signal,
  };
}

function databaseIn(request: IncomingMessage, url: URL): string | undefined {
  const named = request.headers['x-clickhouse-database'] as string | undefined;
  return named ?? (url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : undefined);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const encoding = request.headers['content-encoding'];
  if (!encoding || encoding === 'identity') return body;
  if (encoding === 'gzip') return promisify(gunzip)(body);
  throw refusal(48, `The embedded ClickHouse does not take bodies in ${encoding}`, 'NOT_IMPLEMENTED');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  status: number,
  bytes: Uint8Array,
): Promise<void> {
  if (response.destroyed) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  const wantsGzip =
    url.searchParams.get('enable_http_compression') === '1' &&
    /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (wantsGzip) response.setHeader('Content-Encoding', 'gzip');
  response.end(wantsGzip ? await promisify(gzip)(bytes, { level: 1 }) : bytes);
}

function checkName(name: string): string {
  if (!/^\w+$/.test(name)) throw refusal(36, `${name} is not a name of a setting or parameter`, 'BAD_ARGUMENTS');
  return name;
}

const refusal = (code: number, sentence: string, type: string): Error =>
  new Error(`Code: ${code}. DB::Exception: ${sentence}. (${type})`);

const statuses: Record<number, number> = {
  62: 400,
  36: 400,
  456: 400,
  115: 404,
  60: 404,
  81: 404,
  47: 404,
  46: 404,
  48: 501,
  516: 403,
  236: 503,
};
const statusOf = (code: number): number => statuses[code] ?? 500;
