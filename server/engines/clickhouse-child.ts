/**
 * The embedded ClickHouse: one process that owns one data directory and speaks ClickHouse's HTTP interface on loopback,
 * so that ClickHouse's own client serves it and a real server alike. A process of its own, because an engine that
 * crashes, or takes all threads for a heavy query, must not take chat with it.
 *
 * 1. Reads the password, the first line of its input.
 * 2. Opens the engine, listens on the port it was told, says {"event":"ready"} on its output.
 * 3. Ends when its input ends or on SIGTERM: takes nothing more, lets what runs finish, closes the engine.
 *
 * Started by the keeper as `node clickhouse-child.ts --data DIR --port N`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { answer } from './clickhouse-child-http.ts';
import { Lanes } from './clickhouse-child-lanes.ts';
import { CLICKHOUSE_USER } from './clickhouse-child-run.ts';

const { values: options } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string' } } });

process.umask(0o077);
process.stdout.on('error', () => {});
process.on('SIGINT', () => {}); // Ctrl-C is for the server, which closes our input when it is done
process.on('SIGHUP', () => {});

const input = createInterface({ input: process.stdin });
const inputEnded = once(input, 'close');
const [password] = (await once(input, 'line')) as [string];

// Where the machine is full, messages go before numbers. The engine's threads inherit this, so it comes before they are
// made.
setPriority(5);
const lanes = new Lanes(options.data!);
// Parameters stand in the address: a list of departments is longer than the 16 KiB Node allows. A real server takes a megabyte.
const server = createServer(
  { maxHeaderSize: 1_048_576 },
  (request, response) => void answer(request, response, lanes, { user: CLICKHOUSE_USER, password }),
);
// Clients keep connections for reuse: a server that closes them first makes requests fail that cross the closing.
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;
server.listen(Number(options.port), '127.0.0.1');
await once(server, 'listening');
process.stdout.write('{"event":"ready"}\n');

await Promise.race([inputEnded, once(process, 'SIGTERM')]);
server.close();
await lanes.close();
process.exit(0);
