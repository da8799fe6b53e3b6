import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startChild } from './children.ts';
import { median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const target = 10_000;

/** How fast history from elsewhere comes in, from the packed file to the last read mark. */
export const importing: Benchmark = {
  name: 'import',
  async run(rounds) {
    const folder = mkdtempSync(path.join(tmpdir(), 'parley-bench-'));
    const store = await openStore();
    try {
      const files = [{ name: 'written for this', file: generate(folder), messages: generated }, ...realFiles()];
      await store.prepare(async () => undefined);
      const rows: Row[] = [];
      const rowOf = (name: string) =>
        rows.find((row) => row.name === name) ??
        rows[rows.push({ name, cost: [], also: { 'messages/s': [], 'Node.js µs': [], 'PostgreSQL µs': [] } }) - 1]!;
      for (let round = 0; round < rounds; round++) {
        for (const { name, file, messages } of files) {
          await measure(store, 'ours', file, messages, rowOf(`import of ${name}`));
          await measure(store, 'copy', file, messages, rowOf(`COPY of ${name}`));
        }
      }
      return {
        name: 'import',
        how:
          'Whole files of history into an empty house: unpacked, read twice (what is wrong, then what is said), people, channels, threads, mentions, numbers, events and read marks, in commits of 4,000. ' +
          'The floor copies the messages alone, written out beforehand, in commits of as many into the same table with the same indexes. A message that is not there in the end fails the run.',
        unit: 'µs CPU a message',
        rows,
        ratios: files.map(({ name }) => rateOf(rows, `import of ${name}`)),
      };
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  store: Store,
  way: 'ours' | 'copy',
  file: string,
  messages: number,
  { cost, also }: Row,
): Promise<void> {
  await store.onCopy(async (url) => {
    const child = await startChild('import-ways.ts', [way, url, file], ['--max-semi-space-size=8']);
    try {
      const before = await store.cpu();
      const { stored, seconds, cpu } = await child.ask<{ stored: number; seconds: number; cpu: number }>({ run: true });
      const after = await store.cpu();
      if (stored !== messages) throw new Error(`${file} has ${messages} messages and ${stored} were stored`);
      const postgres = before === null || after === null ? 0 : ((after - before) * 1e6) / stored;
      cost.push((cpu * 1e6) / stored + postgres);
      also!['messages/s']!.push(stored / seconds);
      also!['Node.js µs']!.push((cpu * 1e6) / stored);
      also!['PostgreSQL µs']!.push(postgres);
    } finally {
      await child.stop();
    }
  });
}

/** Real conversations, where somebody has put them (PARLEY_CORPORA). */
function realFiles(): { name: string; file: string; messages: number }[] {
  const folder = path.resolve(
    process.env['PARLEY_CORPORA'] ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url)),
  );
  return [
    { name: 'en-bytecode-zulip.dev', messages: 71_905 },
    { name: 'zh-tw-meetings.dev', messages: 132_659 },
  ]
    .map(({ name, messages }) => ({ name, messages, file: path.join(folder, `${name}.ndjson.gz`) }))
    .filter(({ file }) => existsSync(file));
}

const generated = 60_000;

/** A workplace of 40 channels, half of them with topics, 400 people and a bot, in two languages. */
function generate(folder: string): string {
  const file = path.join(folder, 'workplace.ndjson.gz');
  const words = [
    'The quay is free from noon, who takes the second shift? ',
    '二号泊位中午空出来，谁来接第二班？',
    'See `planner/windows.ts` line 88, the lease ends in the same second. ',
  ];
  const lines = Array.from({ length: generated }, (_, n) => {
    const channel = (n * 7_919) % 40;
    const sender = (n * 31) % 401;
    return JSON.stringify({
      id: `w-${n}`,
      channel: `channel ${channel}`,
      topic: channel % 2 ? `topic ${(n * 13) % 300}` : '',
      sender: sender === 400 ? 'Builder' : `Person ${sender}`,
      ts: new Date(Date.UTC(2024, 0, 1) + n * 60_000).toISOString(),
      text: `${n % 9 === 0 ? `@Person ${(n * 7) % 400} ` : ''}${words[n % 3]!.repeat(1 + (n % 4))}`,
      ...(sender === 400 ? { bot: true } : {}),
      ...(channel % 2 === 0 && n % 6 === 0 && n >= 40 ? { reply_to: `w-${n - 40}` } : {}),
    });
  });
  writeFileSync(file, gzipSync(lines.join('\n')));
  return file;
}

function rateOf(rows: readonly Row[], name: string): Ratio {
  const value = median(rows.find((row) => row.name === name)!.also!['messages/s']!);
  return {
    says: `${name}: messages a second`,
    value,
    target: `≥ ${target.toLocaleString('en')}`,
    reached: value >= target,
  };
}
