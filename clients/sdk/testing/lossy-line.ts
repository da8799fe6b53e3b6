import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';

/**
 * A line between a device and a real server on which frames disappear: WebSocket messages towards the device pass only if `passes` says so,
 * REST passes untouched. `packet` is the Socket.IO packet as text: `42[…]` an event, `43<n>[…]` an answer.
 */
export type LossyLine = {
  origin: string;
  passes: (packet: string) => boolean;
  /** Packets that disappeared. */
  lost: string[];
  /** Puts a packet of the server's in. */
  say(packet: string): void;
  /** Cuts every connection without a word. */
  cut(): void;
  close(): Promise<void>;
};

export async function openLossyLine(upstream: string): Promise<LossyLine> {
  const { host } = new URL(upstream);
  const server: Server = createServer((incoming, outgoing) => {
    const onward = request(
      upstream + incoming.url,
      { method: incoming.method, headers: { ...incoming.headers, host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const sockets = new WebSocketServer({ server });
  const pairs = new Set<[WebSocket, WebSocket]>();
  const line: LossyLine = {
    origin: '',
    passes: () => true,
    lost: [],
    say(packet) {
      for (const [device] of pairs) device.send(packet);
    },
    cut() {
      for (const pair of pairs) for (const socket of pair) socket.terminate();
    },
    async close() {
      line.cut();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  sockets.on('connection', (device, incoming) => {
    const onward = new WebSocket(`ws://${host}${incoming.url}`);
    const early: string[] = [];
    const pair: [WebSocket, WebSocket] = [device, onward];
    pairs.add(pair);
    device.on('message', (data) =>
      onward.readyState === WebSocket.OPEN ? onward.send(textOf(data)) : early.push(textOf(data)),
    );
    onward.on('open', () => early.splice(0).forEach((packet) => onward.send(packet)));
    onward.on('message', (data) => {
      const packet = textOf(data);
      if (line.passes(packet)) device.send(packet);
      else line.lost.push(packet);
    });
    for (const [one, other] of [pair, [onward, device] as const]) {
      one.on('close', () => (pairs.delete(pair), other.close()));
      one.on('error', () => other.terminate());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  line.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return line;
}

/** Packets of Socket.IO are text; ws hands them over as bytes. */
const textOf = (data: unknown): string => (data as Buffer).toString('utf8');
