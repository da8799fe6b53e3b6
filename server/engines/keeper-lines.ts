/**
 * Who holds the keeper: every process that uses its engines keeps one connection to it open. The system closes a
 * connection when its process dies, however it dies, so the keeper always knows; when the last one is gone it stops.
 *
 * Talk is one JSON object a line on a loopback port: a hello with the secret, an answer, and at the end a goodbye.
 */
import { timingSafeEqual } from 'node:crypto';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EngineError } from './error.ts';

/** A data directory bears one server and any number of tools beside it. */
export type Holder = 'server' | 'tool';
type Hello = { secret: string; as: Holder; pid: number };
type Answer = { welcome: true } | { refused: { code: string; sentence: string } } | { goodbye: { last: boolean } };

export type Lines = { port: number; holders(): number; close(): void };

/** Opens the keeper's door. `onEmpty` is called whenever the last line has closed. */
export async function openLines(secret: string, onEmpty: () => void): Promise<Lines> {
  const holders = new Map<Socket, Hello>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => {
      if (holders.delete(socket) && holders.size === 0) onEmpty();
    });
    const answer = (words: Answer) => socket.write(JSON.stringify(words) + '\n');
    createInterface({ input: socket }).on('line', (line) => {
      if (holders.has(socket)) {
        holders.delete(socket);
        answer({ goodbye: { last: holders.size === 0 } });
        if (holders.size === 0) onEmpty();
        return;
      }
      const hello = parseHello(line, secret);
      if (!hello) return void socket.destroy();
      const server = [...holders.values()].find((holder) => holder.as === 'server');
      if (hello.as === 'server' && server) {
        const sentence = `Another Parley server (process ${server.pid}) already runs on this data directory. Stop it first, or choose another with PARLEY_DATA.`;
        return void answer({ refused: { code: 'second_server', sentence } });
      }
      holders.set(socket, hello);
      answer({ welcome: true });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    holders: () => holders.size,
    close() {
      server.close();
      for (const socket of holders.keys()) socket.destroy();
    },
  };
}

export type Line = {
  /** Resolves when the keeper is gone without a goodbye. */
  lost: Promise<void>;
  /** Lets go. Answers whether we were the last, in which case the keeper now stops its engines. */
  letGo(): Promise<{ last: boolean }>;
};

/** Takes hold of a living keeper. Null when nobody answers there as a keeper with this secret does. */
export async function takeLine(port: number, secret: string, as: Holder): Promise<Line | null> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  const next = async (): Promise<Answer | null> => {
    const line = await Promise.race([answers.next(), closed]);
    return line && !line.done ? (JSON.parse(line.value) as Answer) : null;
  };
  socket.write(JSON.stringify({ secret, as, pid: process.pid } satisfies Hello) + '\n');
  const answer = await next().catch(() => null);
  if (answer && 'refused' in answer) {
    socket.destroy();
    throw new EngineError(answer.refused.code, answer.refused.sentence, 'operator');
  }
  if (!answer) {
    socket.destroy();
    return null;
  }
  socket.unref(); // holding engines is no reason for a finished tool to stay
  let leaving = false;
  return {
    lost: closed.then(() => (leaving ? new Promise<void>(() => {}) : undefined)),
    async letGo() {
      leaving = true;
      socket.ref();
      socket.write('{"leaving":true}\n');
      const last = await next().catch(() => null);
      socket.destroy();
      return { last: last !== null && 'goodbye' in last ? last.goodbye.last : true };
    },
  };
}

function parseHello(line: string, secret: string): Hello | null {
  try {
    const hello = JSON.parse(line) as Hello;
    const given = Buffer.from(String(hello.secret));
    const known = Buffer.from(secret);
    return given.length === known.length && timingSafeEqual(given, known) ? hello : null;
  } catch {
    return null;
  }
}
