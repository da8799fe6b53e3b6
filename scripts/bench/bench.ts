import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { beside } from './beside.ts';
import { fanout } from './fanout.ts';
import { flood } from './flood.ts';
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
 * npm run bench [-- names] [--rounds n] [--share s]: every benchmark, or those named, beside its floor and the stock way, in the same minutes,
 * interleaved. At full size its result takes the place of the former one in docs/benchmarks.md and docs/benchmarks.json; `--share 0.05` tries it in a
 * small world and writes nothing.
 */

const introduction = `# Benchmarks

Written by \`npm run bench\`: every way interleaved with its floor and the stock way in the same minutes. Each cell is the median and, in brackets, the
range. Compare ratios inside one table only: figures of another day or machine say nothing.
`;

const benchmarks: Benchmark[] = [
  send,
  beside,
  fanout,
  history,
  memory,
  importing,
  ingesting,
  lag,
  tile,
  searching,
  peopleList,
  flood,
];

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

const folder = fileURLToPath(new URL('../../docs/', import.meta.url));
const measured = {
  at: new Date().toISOString().slice(0, 10),
  machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node.js ${process.versions.node}`,
  commit: commit(),
  rounds,
};
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  process.stderr.write(`${benchmark.name}: ${rounds} rounds …\n`);
  const result = { ...(await benchmark.run(rounds, share)), measured };
  process.stdout.write(`\n${asMarkdown(result)}`);
  if (share === 1) keep(result);
}

/** Puts a result in the place of the former one, in the order above. */
function keep(result: Result): void {
  const former = JSON.parse(readFileSync(`${folder}benchmarks.json`, 'utf8')) as { results: Result[] };
  const results = benchmarks.flatMap(({ name }) =>
    name === result.name ? [result] : former.results.filter((one) => one.name === name),
  );
  writeFileSync(`${folder}benchmarks.json`, `${JSON.stringify({ results }, null, 2)}\n`);
  writeFileSync(`${folder}benchmarks.md`, `${introduction}\n${results.map(asMarkdown).join('\n')}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
