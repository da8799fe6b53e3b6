/**
 * Keeps one engine running: started once with patience, and when it dies by itself started again on the same port,
 * waiting longer after each failure in a row. Stopping ends both.
 */
import { pause } from './process.ts';
import type { ProcessName } from './process.ts';

/** One run of an engine, from ready to exit. */
export type Run = {
  process: ProcessName;
  /** Resolves with how it ended: "signal SIGKILL" or "code 1". */
  ended: Promise<string>;
  /** Stops it cleanly; resolves when it is gone. */
  stop(): Promise<void>;
};

export type Supervised = { stop(): Promise<void> };

export type Supervision = {
  name: string;
  /** Starts the engine and resolves when it answers. Rejects when it cannot start. */
  start(): Promise<Run>;
  /** Hears each new run, and `null` while the engine is down. */
  onRun(run: Run | null): void;
  say(sentence: string): void;
};

const FIRST_WAIT = 100;
const LONGEST_WAIT = 10_000;
const HEALTHY_AFTER = 30_000;

/** Starts the engine; the first start's failure is the caller's, later ones are retried for as long as it takes. */
export async function supervise({ name, start, onRun, say }: Supervision): Promise<Supervised> {
  let stopping = false;
  let run: Run | null = await start();
  onRun(run);

  const watching = (async () => {
    let wait = FIRST_WAIT;
    while (run) {
      const since = Date.now();
      const how = await run.ended;
      if (stopping) return;
      if (Date.now() - since > HEALTHY_AFTER) wait = FIRST_WAIT;
      run = null;
      onRun(null);
      say(`${name} ended by itself (${how}); starting it again`);
      while (!run && !stopping) {
        await pause(wait);
        wait = Math.min(wait * 2, LONGEST_WAIT);
        if (stopping) return;
        run = await start().catch((error: Error) => {
          say(`${name} did not start: ${error.message}`);
          return null;
        });
      }
      if (!run) return;
      if (stopping) return void (await run.stop());
      onRun(run);
      say(`${name} is back`);
    }
  })();

  return {
    async stop() {
      stopping = true;
      await run?.stop();
      await watching;
    },
  };
}
