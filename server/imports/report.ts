import { notUtf8 } from './files.ts';
import type { ImportReport, Progress } from './imports.ts';

const count = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** What an import did, in sentences for the operator; the first problems follow, a line each. */
export function describe(report: ImportReport): string {
  const { source, channels, people, stored, already, malformed, refused, joined, problems, seconds, stopped } = report;
  const dealt = stored + already + refused;
  const part = (all: { all: number; added: number }, one: string, many?: string) =>
    `${count(all.all, one, many)}${all.added === all.all ? '' : ` (${all.added.toLocaleString('en')} new)`}`;
  const lines = [
    `${source}: ${part(channels, 'channel')}, ${part(people, 'person', 'people')}, ${count(dealt, 'message')} in ${seconds.toFixed(1)} s (${Math.round(dealt / seconds).toLocaleString('en')} a second).`,
    `New ${stored.toLocaleString('en')}, already there ${already.toLocaleString('en')}, skipped ${refused.toLocaleString('en')}, malformed ${malformed.toLocaleString('en')}.${joined > 0 ? ` People of the house joined channels ${count(joined, 'time')}.` : ''}`,
    ...problems.map(({ line, what }) => `  line ${line}: ${what}`),
  ];
  const more = malformed + refused - problems.length;
  if (more > 0) lines.push(`  and ${more.toLocaleString('en')} more`);
  if (dealt > 0 && malformed + refused > 0)
    lines.push(
      `${count(malformed + refused, 'line was', 'lines were')} not imported, for the reasons above; the others were. With --strict a file with a malformed line is refused as a whole.`,
    );
  if (problems.some(({ what }) => what === notUtf8))
    lines.push(
      'Bytes that are not UTF-8 come from another encoding, often Latin-1 or GBK: convert the file (iconv -f ENCODING -t UTF-8) and import it again; what is there already is not stored twice.',
    );
  if (stopped) lines.push('Stopped before the end. What is stored stays; run the same command again to complete it.');
  return lines.join('\n');
}

/**
 * Shows progress with rate and time left: one line drawn over itself on a terminal, a plain line every five seconds elsewhere.
 * `end` clears the drawn line.
 */
export function progressLine(
  name: string,
  out: { isTTY?: boolean; columns?: number; write(text: string): unknown },
  now: () => number = Date.now,
): { show(progress: Progress): void; end(): void } {
  let stage = '';
  let began = 0;
  let shown = 0;
  return {
    show({ stage: at, done, total }) {
      if (at !== stage) {
        stage = at;
        began = now();
        shown = out.isTTY ? 0 : now();
      }
      const since = now() - shown;
      if (since < (out.isTTY ? 100 : 5_000) && !(out.isTTY && done === total)) return;
      shown = now();
      const seconds = (now() - began) / 1_000;
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      const text =
        at === 'reading'
          ? `${name}  looking through it ${percent}`
          : `${name}  ${barOf(share)} ${percent}  ${count(done, 'message')}  ${rateOf(done, seconds)}  ${leftOf(share, seconds)}`;
      out.write(out.isTTY ? `\r\u001b[2K${text.slice(0, (out.columns ?? 100) - 1)}` : `${text}\n`);
    },
    end() {
      if (out.isTTY) out.write('\r\u001b[2K');
    },
  };
}

const barOf = (share: number) => '█'.repeat(Math.round(share * 24)).padEnd(24, '░');
const rateOf = (done: number, seconds: number) =>
  seconds < 0.5 ? '' : `${Math.round(done / seconds).toLocaleString('en')} a second`;

function leftOf(share: number, seconds: number): string {
  if (share === 0 || seconds < 0.5) return '';
  const left = Math.ceil((seconds / share) * (1 - share));
  return left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s left` : `${left} s left`;
}
