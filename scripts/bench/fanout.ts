import { startChild } from './children.ts';
import { cheaper, times, type Benchmark, type Row } from './result.ts';

const connections = 1_000;
const roomSize = 100;
const deliveries = 160_000;
const styles = { ours: 'Parley’s broadcast', stock: 'stock io.to().emit', bare: 'bare frame floor' } as const;
const batches = [1, 4, 16];

type Said = { sent: number; cpu: number; perSecond: number };

/** What it costs the server to say something in rooms of a hundred: the real door and broadcast, the stock way, and the floor of Node.js. */
export const fanout: Benchmark = {
  name: 'fanout',
  async run(rounds) {
    const rows: Row[] = [];
    const row = (style: keyof typeof styles, batch: number): Row => {
      const name = `${styles[style]}, ${batch} a flush`;
      return (
        rows.find((one) => one.name === name) ?? rows[rows.push({ name, cost: [], also: { 'deliveries/s': [] } }) - 1]!
      );
    };
    for (let round = 0; round < rounds; round++) {
      for (const style of Object.keys(styles) as (keyof typeof styles)[]) {
        for (const [batch, said] of await measure(style)) {
          const { cost, also } = row(style, batch);
          cost.push(said.cpu);
          also!['deliveries/s']!.push(said.perSecond);
        }
      }
    }
    return {
      name: 'fanout',
      how:
        `Server CPU for each message delivered to each of ${roomSize} connections of a room; ${connections} connections of stock protocol in another process, ` +
        `${deliveries.toLocaleString('en')} deliveries a cell, fresh JSON for every message, at most 20,000 deliveries on their way. “n a flush” says n messages in a room before ` +
        'giving the event loop back. The floor joins the frames of a flush once and writes them to each stream: no queue, no rooms to leave, no slow readers. A lost or doubled delivery fails the run.',
      unit: 'µs CPU a delivery',
      rows,
      ratios: [
        ...batches.map((batch) =>
          cheaper(rows, `${styles.ours}, ${batch} a flush`, `${styles.stock}, ${batch} a flush`, batch === 16 ? 5 : 1),
        ),
        ...batches.map((batch) =>
          times(rows, `${styles.ours}, ${batch} a flush`, `${styles.bare}, ${batch} a flush`, 1.5),
        ),
      ],
    };
  },
};

async function measure(style: keyof typeof styles): Promise<[number, Said][]> {
  const server = await startChild('wire-server.ts', [style, String(roomSize)], ['--max-semi-space-size=8']);
  const clients = await startChild('wire-clients.ts', []);
  try {
    const ports = await server.ask<{ port: number; reports: number }>({ ports: true });
    await clients.ask({
      open: { ...ports, speaks: style === 'bare' ? 'websocket' : 'socket.io', from: 0, to: connections },
    });
    const { connected } = await server.ask<{ connected: number }>({ connected: true });
    if (connected !== connections) throw new Error(`${connected} of ${connections} connections stand`);
    const found: [number, Said][] = [];
    for (const batch of batches) {
      for (const share of [0.25, 1]) {
        await clients.ask({ forget: true });
        const said = await server.ask<Said>({
          say: { rooms: connections / roomSize, batch, deliveries: deliveries * share },
        });
        const { events } = await clients.ask<{ events: number }>({ count: true });
        if (events !== said.sent) throw new Error(`${style}: ${said.sent} deliveries were owed and ${events} arrived`);
        // The first, shorter run warms up.
        if (share === 1) found.push([batch, said]);
      }
    }
    return found;
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}
