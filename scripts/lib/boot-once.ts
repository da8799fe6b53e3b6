import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type Boot = {
  command: string[];
  cwd: string;
  dataDir: string;
  env?: Record<string, string>;
  limitSeconds?: number;
  /** The interfaces were perhaps not built: the page that says so will do. */
  unbuilt?: boolean;
};

/**
 * Boots the real server once: waits until it is ready, fetches the first page, stops it as Ctrl-C would, and waits until no process of
 * it is left. Throws with a sentence and the end of what the server wrote. The limit only ends what would never end.
 */
export async function bootOnce({
  command,
  cwd,
  dataDir,
  env = {},
  limitSeconds = 600,
  unbuilt = false,
}: Boot): Promise<void> {
  const port = await freePort();
  const mark = `boot-${randomUUID()}`;
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    // A group of its own, as a terminal gives it: Ctrl-C reaches all of it at once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...env,
      BOOT_MARK: mark,
      PARLEY_DATA: dataDir,
      PARLEY_PORT: String(port),
      PARLEY_HOST: '127.0.0.1',
    },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (written = (written + text).slice(-8_000)));
  const ended = once(child, 'exit');
  const deadline = Date.now() + limitSeconds * 1_000;
  try {
    await isReady(child, port, deadline);
    const page = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(30_000) });
    if (!page.ok && !(unbuilt && page.status === 503)) throw new Error(`GET / answered ${page.status}.`);
    if (!(await page.text()).includes('<')) throw new Error('GET / answered no page.');
    const asked = interruptible() ? 'SIGINT' : 'SIGTERM';
    process.kill(-child.pid!, asked);
    await Promise.race([ended, pause(120_000, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null)
      throw new Error(`${asked} did not end the server within two minutes.`);
    // npm itself ends by the signal it was given; what it started is looked for below.
    if (child.exitCode !== 0 && child.exitCode !== 130 && child.exitCode !== 143 && child.signalCode !== asked)
      throw new Error(`After ${asked} the server ended with ${child.exitCode ?? child.signalCode}.`);
    await nothingIsLeft([mark, dataDir]);
  } catch (error) {
    attempt(() => String(process.kill(-child.pid!, 'SIGKILL')));
    throw new Error(`${(error as Error).message}\nThe server wrote:\n${written.trimEnd()}`, { cause: error });
  } finally {
    // What is left of a failed boot may hold these open, and would hold us with them.
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** What a shell runs in the background inherits an ignored SIGINT, which no child can undo: there a terminal's Ctrl-C cannot be imitated. */
function interruptible(): boolean {
  const ignored = attempt(() => /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0');
  return (Number.parseInt(ignored.slice(-1), 16) & 2) === 0;
}

async function isReady(child: ChildProcess, port: number, deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The server ended with ${child.exitCode ?? child.signalCode} before it was ready.`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => null,
    );
    if (ready?.ok) return;
    await pause(200);
  }
  throw new Error('The server was not ready in time.');
}

async function nothingIsLeft(marks: string[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const left = processesWith(marks);
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`The server has ended, but these of its processes have not:\n${left.join('\n')}`);
    await pause(200);
  }
}

/** Processes that carry one of the marks in their environment, command line or working directory. Only Linux can be asked. */
function processesWith(marks: string[]): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id) && Number(id) !== process.pid)
    .flatMap((id) => {
      const command = textOf(`/proc/${id}/cmdline`).replaceAll('\0', ' ').trim();
      // An ended process that nobody has asked about yet has no command line: it runs nothing and holds nothing.
      const traces = command ? [command, textOf(`/proc/${id}/environ`), folderOf(id)] : [];
      return traces.some((trace) => marks.some((mark) => trace.includes(mark))) ? [`${id} ${command}`] : [];
    });
}

const textOf = (file: string) => attempt(() => readFileSync(file, 'utf8'));
const folderOf = (id: string) => attempt(() => readlinkSync(`/proc/${id}/cwd`));
/** A process may end, or belong to somebody else, while we turn to it. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
