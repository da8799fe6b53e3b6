import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../engines/process.ts';
import { until } from './client.ts';

/** The real server as a process of its own, at one address over its deaths: for tests that kill it. */
export class ServerProcess {
  readonly origin: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(port: number, env: Record<string, string>) {
    this.origin = `http://127.0.0.1:${port}`;
    this.#env = { ...env, PARLEY_PORT: String(port) };
  }

  static async prepare(env: Record<string, string>): Promise<ServerProcess> {
    return new ServerProcess(await freePort(), env);
  }

  /** The end of what it wrote. */
  get said(): string {
    return this.#said;
  }

  /** Starts it and resolves with its exit code when it ends by itself: for starts that must be refused. */
  async startRefused(env: Record<string, string> = {}): Promise<number | null> {
    const [code] = (await once(this.#spawn(env), 'close')) as [number | null];
    return code;
  }

  /** Resolves with the exit code when the running server ends by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child!;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** Starts it and resolves when it says it is ready. */
  async start(): Promise<void> {
    const child = this.#spawn();
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.#said}`);
        return (await fetch(`${this.origin}/readyz`).catch(() => null))?.ok ?? false;
      },
      'the server to be ready',
      60_000,
    );
  }

  #spawn(more: Record<string, string> = {}): ChildProcess {
    const { NODE_OPTIONS: _ours, ...inherited } = process.env;
    const child = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))], {
      env: { ...inherited, ...this.#env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#said = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-20_000)));
    return child;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child!;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}
