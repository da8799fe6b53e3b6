import { startChild } from './children.ts';
import { times, type Benchmark, type Row } from './result.ts';

const settled = 2_000;
const connections = 10_000;
const styles = [
  { style: 'ours', name: 'Parley’s socket door as started', flags: ['--max-semi-space-size=8'] },
  { style: 'ours', name: 'Parley’s socket door, Node.js defaults', flags: [] },
  { style: 'stock', name: 'stock Socket.IO, Node.js defaults', flags: [] },
  { style: 'bare', name: 'bare ws, Node.js defaults', flags: [] },
  { style: 'bare', name: 'bare ws, --max-semi-space-size=8', flags: ['--max-semi-space-size=8'] },
] as const;

type Memory = { rss: number; heap: number };

/** What one idle connection keeps in the server’s memory. */
export const memory: Benchmark = {
  name: 'memory',
  async run(rounds) {
    const rows: Row[] = styles.map(({ name }) => ({
      name,
      cost: [],
      also: { 'live heap kB': [], 'connections a GiB': [] },
    }));
    for (let round = 0; round < rounds; round++) {
      for (const [index, { style, flags }] of styles.entries()) {
        const { rss, heap } = await measure(style, [...flags]);
        const { cost, also } = rows[index]!;
        cost.push(rss / 1_024);
        also!['live heap kB']!.push(heap / 1_024);
        also!['connections a GiB']!.push(2 ** 30 / rss);
      }
    }
    return {
      name: 'memory',
      how:
        `Resident memory of the server that each idle connection adds between ${settled.toLocaleString('en')} and ${connections.toLocaleString('en')} of them, after forced collection; a browser’s headers on each. ` +
        'Parley’s connections are signed in, each of a person of its own, seated in their own room and one conversation of a hundred; those of bare ws are only open. ' +
        'Parley’s launcher always passes --max-semi-space-size=8. The kernel’s own socket buffers are not counted.',
      unit: 'kB RSS a connection',
      rows,
      ratios: [
        times(rows, styles[0].name, styles[3].name, 2.2),
        times(rows, styles[0].name, styles[4].name, 2.2),
        times(rows, styles[1].name, styles[3].name, 2.2),
        times(rows, styles[0].name, styles[2].name, 1),
      ],
    };
  },
};

async function measure(style: string, flags: string[]): Promise<Memory> {
  const server = await startChild('wire-server.ts', [style, '100'], flags);
  const clients = await startChild('wire-clients.ts', []);
  try {
    const ports = await server.ask<{ port: number; reports: number }>({ ports: true });
    const speaks = style === 'bare' ? 'websocket' : 'socket.io';
    // The first connections fill what starting up left free: what counts is what each further one adds.
    await clients.ask({ open: { ...ports, speaks, from: 0, to: settled } });
    const before = await server.ask<Memory>({ memory: true });
    await clients.ask({ open: { ...ports, speaks, from: settled, to: connections } });
    const after = await server.ask<Memory>({ memory: true });
    const { connected } = await server.ask<{ connected: number }>({ connected: true });
    if (connected !== connections) throw new Error(`${connected} of ${connections} connections stand`);
    return {
      rss: (after.rss - before.rss) / (connections - settled),
      heap: (after.heap - before.heap) / (connections - settled),
    };
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}
