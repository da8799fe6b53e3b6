import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fanout } from './fanout.ts';
import { history } from './history.ts';
import { importing } from './import.ts';
import { ingesting } from './ingest.ts';
import { lag } from './lag.ts';
import { memory } from './memory.ts';
import { peopleList } from './people.ts';
import { asMarkdown, type Benchmark, type Result } from './result.ts';
import { searching } from './search.ts';
import { send } from './send.ts';
import { tile } from './tile.ts';

/*
 * npm run bench [-- names] [--rounds n] [--share s]: every benchmark beside its floor and the stock way, in the same minutes, interleaved.
 * Writes docs/benchmarks.md and docs/benchmarks.json when all of them ran at full size; `--share 0.05` tries them in a small world.
 */

const benchmarks: Benchmark[] = [send, fanout, history, memory, importing, ingesting, lag, tile, searching, peopleList];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, share: { type: 'string', default: '1' } },
});
const share = Math.min(1, Math.max(0.001, Number(values.share) || 1));
const rounds = Math.max(3, Number(values.rounds) || 3);
const unknown = positionals.filter((name) => !benchmarks.some((one) => one.name === name));
if (unknown.length > 0)
  throw new Error(
    `There is no benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}.`,
  );

const results: Result[] = [];
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  process.stderr.write(`${benchmark.name}: ${rounds} rounds …\n`);
  const result = await benchmark.run(rounds, share);
  results.push(result);
  process.stdout.write(`\n${asMarkdown(result)}`);
}

if (positionals.length === 0 && share === 1) {
  const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node.js ${process.versions.node}`;
  const at = new Date().toISOString().slice(0, 10);
  mkdirSync(docs, { recursive: true });
  writeFileSync(
    `${docs}benchmarks.json`,
    `${JSON.stringify({ at, machine, commit: commit(), rounds, results }, null, 2)}\n`,
  );
  writeFileSync(`${docs}benchmarks.md`, `${introduction(at, machine)}\n${results.map(asMarkdown).join('\n')}`);
}

function introduction(at: string, machine: string): string {
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench\` on ${at}: ${machine}; ${rounds} rounds, every way interleaved with its floor and the stock way in the same minutes.`,
    'Each cell is the median and, in brackets, the range. Compare ratios inside one table only: figures of another day or machine say nothing.',
    '',
  ].join('\n');
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
