import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One setting of the process: how it is written, what it is when unset, and the sentence the reference shows. */
type Setting<T> = { env: string; fallback: string; read: (written: string) => T; sentence: string; secret?: true };

const text = (written: string) => written;
const whole = (low: number, high: number) => (written: string) => {
  const value = Number(written);
  if (!Number.isInteger(value) || value < low || value > high)
    throw new Error(`must be a whole number from ${low} to ${high}`);
  return value;
};
const flag = (written: string) => {
  if (!['true', 'false'].includes(written)) throw new Error('must be true or false');
  return written === 'true';
};
const oneOf =
  <const T extends string>(...values: T[]) =>
  (written: string) => {
    if (!values.includes(written as T)) throw new Error(`must be one of ${values.join(', ')}`);
    return written as T;
  };
const list = (written: string) =>
  written
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
const address =
  (...protocols: string[]) =>
  (written: string) => {
    if (written === '') return null;
    if (!URL.canParse(written) || !protocols.includes(new URL(written).protocol))
      throw new Error(`must be an address beginning with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    return written;
  };
const roles = (written: string) => {
  const named = list(written);
  if (named.length === 0 || named.some((role) => role !== 'web' && role !== 'worker'))
    throw new Error('must name web, worker, or both');
  return named as ('web' | 'worker')[];
};

/** Every setting of the process. `docs/reference/settings.md` is written from this table. */
export const settings = {
  dataDir: {
    env: 'PARLEY_DATA',
    fallback: './data',
    read: (written) => path.resolve(written),
    sentence: 'Where the embedded engines, files and keys live.',
  },
  port: {
    env: 'PARLEY_PORT',
    fallback: '3000',
    read: whole(0, 65_535),
    sentence: 'The port of chat, console, API and GraphQL. 0 takes any free one.',
  },
  host: {
    env: 'PARLEY_HOST',
    fallback: '127.0.0.1',
    read: text,
    sentence: 'The address to listen on; loopback unless told otherwise.',
  },
  publicUrl: {
    env: 'PARLEY_PUBLIC_URL',
    fallback: '',
    read: address('http:', 'https:'),
    sentence:
      'The address people reach Parley under: for links, cookies, the check of a browser’s Origin and the proofs of device keys.',
  },
  origins: {
    env: 'PARLEY_ORIGINS',
    fallback: '',
    read: list,
    sentence:
      'Further origins whose pages may open a socket, and under which devices with a key may come, separated by commas.',
  },
  trustProxy: {
    env: 'PARLEY_TRUST_PROXY',
    fallback: '0',
    read: whole(0, 10),
    sentence: 'How many reverse proxies stand in front: their X-Forwarded-For is believed that far.',
  },
  roles: {
    env: 'PARLEY_ROLES',
    fallback: 'web,worker',
    read: roles,
    sentence:
      'What this process does: web answers people, worker runs watchers and jobs. Arguments of the command win.',
  },
  logLevel: {
    env: 'PARLEY_LOG',
    fallback: 'info',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    sentence: 'The least important line the log keeps.',
  },
  secret: {
    env: 'PARLEY_SECRET',
    fallback: '',
    read: text,
    secret: true,
    sentence:
      'The installation’s secret, from which keys are derived: at least 32 characters. Unset, one is made in the data directory.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    fallback: '',
    read: address('postgres:', 'postgresql:'),
    secret: true,
    sentence: 'A PostgreSQL of your own (15 or newer) instead of the embedded one.',
  },
  databaseDirectUrl: {
    env: 'DATABASE_DIRECT_URL',
    fallback: '',
    read: address('postgres:', 'postgresql:'),
    secret: true,
    sentence:
      'The same database without a pooler in between, for session locks and notifications. Needed where DATABASE_URL goes through a pooler in transaction mode.',
  },
  databaseOwnerUrl: {
    env: 'PARLEY_DATABASE_OWNER_URL',
    fallback: '',
    read: address('postgres:', 'postgresql:'),
    secret: true,
    sentence:
      'The same database as the role that owns its tables: migrations run as this role, and the role of DATABASE_URL gets only the rights it needs.',
  },
  clickhouseUrl: {
    env: 'CLICKHOUSE_URL',
    fallback: '',
    read: address('http:', 'https:'),
    secret: true,
    sentence: 'A ClickHouse of your own instead of the embedded one.',
  },
  databasePool: {
    env: 'PARLEY_DATABASE_POOL',
    fallback: '10',
    read: whole(2, 500),
    sentence: 'Database connections of each of the two pools (acts and reads).',
  },
  diskFloorMb: {
    env: 'PARLEY_DISK_FLOOR_MB',
    fallback: '64',
    read: whole(0, 1_048_576),
    sentence:
      'Mebibytes that must be free where the data directory lies. Below, the server is not ready, and messages are refused before the embedded database meets the end of the disk.',
  },
  takeoverSeconds: {
    env: 'PARLEY_TAKEOVER_SECONDS',
    fallback: '10',
    read: whole(0, 3_600),
    sentence: 'How long a web process waits at its start for the one before it to leave the database.',
  },
  unsafeDatabase: {
    env: 'PARLEY_ACCEPT_UNSAFE_DATABASE',
    fallback: 'false',
    read: flag,
    sentence: 'Accepts a database that runs with fsync or synchronous_commit off: acknowledged messages can be lost.',
  },
  otherEncoding: {
    env: 'PARLEY_ACCEPT_ENCODING',
    fallback: 'false',
    read: flag,
    sentence: 'Accepts a database that is not UTF-8: other scripts cannot be stored or found.',
  },
  auditDir: {
    env: 'PARLEY_AUDIT_DIR',
    fallback: '',
    read: (written) => (written === '' ? null : path.resolve(written)),
    sentence:
      'Where signed checkpoints of the audit log are written, outside the database: best a place the database’s administrator cannot reach. Unset, audit in the data directory.',
  },
  metricsToken: {
    env: 'PARLEY_METRICS_TOKEN',
    fallback: '',
    read: text,
    secret: true,
    sentence: 'A bearer token for /metrics; without one only loopback callers see them.',
  },
  laneQueue: {
    env: 'PARLEY_LANE_QUEUE',
    fallback: '4000',
    read: whole(10, 1_000_000),
    sentence: 'Messages that may wait to be stored before further ones are refused as overload.',
  },
  slowReaderBytes: {
    env: 'PARLEY_SLOW_READER_BYTES',
    fallback: '1048576',
    read: whole(65_536, 1_073_741_824),
    sentence: 'Bytes a connection may owe before it is cut and told to come back.',
  },
  connectionsPerAddress: {
    env: 'PARLEY_CONNECTIONS_PER_ADDRESS',
    fallback: '2000',
    read: whole(1, 10_000_000),
    sentence: 'Open sockets one network address may hold, of those who are signed in.',
  },
  unsignedPerAddress: {
    env: 'PARLEY_UNSIGNED_PER_ADDRESS',
    fallback: '1000',
    read: whole(1, 1_000_000),
    sentence:
      'Open sockets one network address may hold that have not shown who they are; the oldest is closed for a new one. They have five seconds.',
  },
  httpConnections: {
    env: 'PARLEY_HTTP_CONNECTIONS',
    fallback: '1000',
    read: whole(10, 1_000_000),
    sentence: 'Open HTTP connections, sockets aside; the oldest that is answering nothing is closed for a new one.',
  },
  connectionsPerPerson: {
    env: 'PARLEY_CONNECTIONS_PER_PERSON',
    fallback: '50',
    read: whole(1, 10_000),
    sentence: 'Open sockets one person may hold.',
  },
  callsPerSecond: {
    env: 'PARLEY_CALLS_PER_SECOND',
    fallback: '70',
    read: whole(1, 1_000_000),
    sentence:
      'Calls a second one person may make, over all connections and doors, on average over ten seconds. Heavier calls count as several: see permissions.md.',
  },
  botCallsPerSecond: {
    env: 'PARLEY_BOT_CALLS_PER_SECOND',
    fallback: '200',
    read: whole(1, 1_000_000),
    sentence: 'The same for one bot.',
  },
  strangerCallsPerSecond: {
    env: 'PARLEY_STRANGER_CALLS_PER_SECOND',
    fallback: '20',
    read: whole(1, 1_000_000),
    sentence:
      'The same for everybody at one network address who is not signed in. Signing in has limits of its own and is not counted here.',
  },
  analyticsCheckSeconds: {
    env: 'PARLEY_ANALYTICS_CHECK_SECONDS',
    fallback: '15',
    read: whole(1, 86_400),
    sentence: 'How often the analytics store is compared with the messages, a month of hours at a time.',
  },
  signInsPerMinute: {
    env: 'PARLEY_SIGN_INS_PER_MINUTE',
    fallback: '30',
    read: whole(1, 1_000_000),
    sentence: 'Sign-in attempts a minute one network address may make.',
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Read by the launchers and the test runner, not by the server. */
const elsewhere = ['PARLEY_CORPORA', 'PARLEY_CHROMIUM', 'PARLEY_BROWSER_TESTS'];

export type Config = { [K in keyof typeof settings]: ReturnType<(typeof settings)[K]['read']> } & {
  production: boolean;
  /** The settings, by our names, that the environment gave. */
  given: ReadonlySet<string>;
};

/** All faulty settings of a start at once, each with its name and what was wrong. */
export class FaultyConfig extends Error {
  readonly faults: string[];
  constructor(faults: string[]) {
    super(`The server cannot start with these settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads every setting; refuses with all faults listed at once. `warn` hears of PARLEY_ names nobody knows. */
export function readConfig(
  env: Record<string, string | undefined>,
  warn: (sentence: string) => void = () => undefined,
): Config {
  const faults: string[] = [];
  const given = new Set(
    Object.entries(settings).flatMap(([name, { env: key }]) => (env[key] === undefined ? [] : name)),
  );
  const config: Record<string, unknown> = { production: env['NODE_ENV'] === 'production', given };
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const written = env[setting.env] ?? setting.fallback;
    try {
      config[name] = setting.read(written);
    } catch (error) {
      faults.push(
        `${setting.env}=${setting.secret ? '…' : JSON.stringify(written)} ${(error as Error).message}. ${setting.sentence}`,
      );
    }
  }
  if (env['PARLEY_SECRET'] && env['PARLEY_SECRET'].length < 32)
    faults.push('PARLEY_SECRET=… must have at least 32 characters.');
  if (faults.length > 0) throw new FaultyConfig(faults);
  const known = new Set([...Object.values(settings).map((setting) => setting.env as string), ...elsewhere]);
  for (const name of Object.keys(env))
    if (name.startsWith('PARLEY_') && !known.has(name)) warn(`${name} is not a setting of Parley and is ignored.`);
  const dataDir = config['dataDir'] as string;
  try {
    if (!config['secret']) config['secret'] = keptSecret(dataDir);
  } catch (error) {
    const isFile = statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() === false;
    const why = isFile
      ? 'is a file'
      : (unusable[(error as NodeJS.ErrnoException).code ?? ''] ?? `cannot be used: ${(error as Error).message}`);
    throw new FaultyConfig([
      `PARLEY_DATA=${JSON.stringify(dataDir)} ${why}. Name a directory this account may read and write, with space left.`,
    ]);
  }
  return config as Config;
}

/** Why a directory cannot be used, by the code of what the system said. */
const unusable: Record<string, string> = {
  ENOSPC: 'lies on a disk that is full',
  ENOTDIR: 'cannot be used: a part of its path is a file',
  EEXIST: 'cannot be used: a part of its path is a file',
  EACCES: 'cannot be used: this account may not write there',
  EPERM: 'cannot be used: this account may not write there',
  EROFS: 'cannot be used: it can only be read',
  ENAMETOOLONG: 'cannot be used: its path is too long',
  ELOOP: 'cannot be used: its links go round in a circle',
};

/** A setting of the process as it stands, for people. Of a secret nothing is said but whether the environment gave it. */
export type SettingInForce = {
  name: string;
  env: string;
  sentence: string;
  value: string | null;
  fallback: string;
  given: boolean;
  secret: boolean;
};

/** Every setting of the process as it stands. */
export const settingsInForce = (config: Config): SettingInForce[] =>
  (Object.entries(settings) as [keyof typeof settings, Setting<unknown>][]).map(
    ([name, { env, fallback, sentence, secret = false }]) => ({
      name,
      env,
      sentence,
      value: secret ? null : String(config[name] ?? ''),
      fallback,
      given: config.given.has(name),
      secret,
    }),
  );

/** The secret of this data directory: made at the first start, readable by its owner only. */
function keptSecret(dataDir: string): string {
  const file = path.join(dataDir, 'secret');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(dataDir, { recursive: true });
  const secret = randomBytes(48).toString('base64url');
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  return secret;
}
