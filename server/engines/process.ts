/**
 * Processes by pid *and* start time. A pid alone is a number that the system hands out again,
 * so a stale record could make us stop a stranger; with the start time it names one process for ever.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export type ProcessName = { pid: number; startedAt: string };

/** Names a living process; null when there is none with that pid. */
export function nameProcess(pid: number): ProcessName | null {
  const startedAt = startTimeOf(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** True while exactly that process lives; a later process with the same pid does not count. */
export function isAlive(name: ProcessName | null | undefined): boolean {
  return !!name && startTimeOf(name.pid) === name.startedAt;
}

/** The command line of a process, empty when there is none or we may not see it. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/**
 * Stops one process, asking more firmly at each step: every `patience` milliseconds the next signal.
 * Resolves when it is gone. A signal to a process that ended meanwhile is not an error.
 */
export async function stopProcess(name: ProcessName, signals: NodeJS.Signals[], patience: number): Promise<void> {
  for (const signal of [...signals, 'SIGKILL' as const]) {
    if (!isAlive(name)) return;
    sendSignal(name.pid, signal);
    const until = Date.now() + patience;
    while (Date.now() < until && isAlive(name)) await pause(25);
  }
}

/** Sends a signal; a process that is already gone is not an error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A free loopback port: the wished one when nobody listens there, else any. */
export async function freePort(wished = 0): Promise<number> {
  try {
    return await tryPort(wished);
  } catch {
    return tryPort(0);
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, '127.0.0.1', () => {
      const found = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(found));
    });
  });
}

function startTimeOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    }
    // The command's own name stands in brackets and may itself contain brackets: count fields after the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const dead = fields[0] === 'Z' || fields[0] === 'X';
    // Ticks since boot begin again after a reboot; the boot's own id keeps old records from matching by chance.
    return dead ? null : `${bootId()}/${fields[19]}`;
  } catch {
    return null;
  }
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}
