import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of a benchmark that answers each message with one. */
export type Child = { ask<Answer>(message: object): Promise<Answer>; stop(): Promise<void> };

/** Starts a script of this folder; `flags` go to Node.js. What goes wrong in it, its end included, fails whoever is waiting for an answer. */
export async function startChild(script: string, args: string[], flags: string[] = []): Promise<Child> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: ['--expose-gc', ...flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await answer(child, 'started');
  return {
    async ask<Answer>(message: object) {
      const answered = answer(child, 'an answer');
      child.send(message);
      return (await answered) as Answer;
    },
    async stop() {
      // One that ended by itself ends no more: waiting for it would hide what went wrong.
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

function answer(child: ChildProcess, what: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`a process of the benchmark ended (${code}) before ${what}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

/** In the child: answers every message, and says that it is ready to. */
export function answering(handle: (message: never) => Promise<object> | object): void {
  process.on('message', (message) => {
    void Promise.resolve(handle(message as never)).then(
      (reply) => process.send!(reply),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send!({ started: true });
}
