import { spawn } from 'node:child_process';

/** One thing that must hold. `run` throws with what is wrong; `fix`, where given, mends it first when asked to. */
export type Step = { name: string; run: () => Promise<void>; fix?: () => Promise<void> };

/** Runs every step, whatever the others say, each timed and named; then lists what failed. Answers how many did. */
export async function runAll(steps: Step[], fix: boolean): Promise<number> {
  const failed: string[] = [];
  for (const step of steps) {
    const began = Date.now();
    let fault: string | null = null;
    try {
      if (fix) await step.fix?.();
      await step.run();
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
      failed.push(step.name);
    }
    console.log(`${fault === null ? '✓' : '✗'} ${step.name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    if (fault) console.log(fault.replace(/^/gm, '    '));
  }
  console.log(
    failed.length === 0
      ? `\nAll ${steps.length} steps hold.`
      : `\nFailed: ${failed.join(', ')}. The other ${steps.length - failed.length} of ${steps.length} steps hold.`,
  );
  return failed.length;
}

/** Runs one of the installed tools with this Node.js; answers what it wrote, and throws with it when the tool is not content. */
export function tool(script: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(brief(`${out}\n${err}`.trim() || `${script} ended with code ${code}`)));
    });
  });
}

// A thousand lines of the same fault hide the first one.
function brief(text: string): string {
  const lines = text.split('\n');
  return lines.length <= 120 ? text : [...lines.slice(0, 120), `… and ${lines.length - 120} more lines`].join('\n');
}
