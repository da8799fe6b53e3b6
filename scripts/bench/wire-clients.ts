import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { answering } from './children.ts';

/*
 * Many connections in one process that cost little beside the server they load: they speak just enough WebSocket and Socket.IO over TCP, send
 * a browser's headers, answer pings, and count every event that arrives whole.
 */

type Line = { stream: Socket; greeted: boolean; left: number; carry: Buffer };

const lines: Line[] = [];
let events = 0;

const headers = [
  'Connection: Upgrade',
  'Pragma: no-cache',
  'Cache-Control: no-cache',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,zh-CN;q=0.8,zh;q=0.7',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
].join('\r\n');

const said = (text: string): Buffer => {
  const data = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | data.length, 0, 0, 0, 0]), data]);
};
const pong = said('3');

/** Walks over the frames of a chunk without copying them; a header cut in two is carried over. */
function walk(line: Line, chunk: Buffer): void {
  const data = line.carry.length > 0 ? Buffer.concat([line.carry, chunk]) : chunk;
  let at = 0;
  if (line.left >= data.length) return void ((line.left -= data.length), (line.carry = empty));
  at += line.left;
  line.left = 0;
  while (at + 4 <= data.length || (at + 2 <= data.length && data[at + 1]! < 126)) {
    const short = data[at + 1]!;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > data.length) break;
    const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUIntBE(at + 4, 6);
    if (length === 1) line.stream.write(pong);
    else events++;
    at += head + length;
  }
  if (at > data.length) {
    line.left = at - data.length;
    line.carry = empty;
  } else {
    line.carry = Buffer.from(data.subarray(at));
  }
}
const empty = Buffer.alloc(0);

type Speaks = 'websocket' | 'socket.io';

/** Opens connection `n`; resolves when the server has greeted it. */
function open(n: number, port: number, speaks: Speaks): Promise<void> {
  return new Promise((resolve, reject) => {
    const shared = Buffer.allocUnsafe(65_536);
    const stream = connect({
      // Several addresses of loopback, so that ports do not run out.
      host: '127.0.0.1',
      localAddress: `127.0.0.${1 + (n % 8)}`,
      port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length: number, buffer: Uint8Array) => (
          heard(line, Buffer.from(buffer.buffer, buffer.byteOffset, length)),
          true
        ),
      },
    });
    const line: Line = { stream, greeted: false, left: 0, carry: empty };
    lines.push(line);
    let greeting = '';
    const heard = (one: Line, chunk: Buffer): void => {
      if (one.greeted) return walk(one, chunk);
      greeting += chunk.toString('latin1');
      if (!greeting.startsWith('HTTP/1.1 101')) return reject(new Error(greeting.slice(0, 200)));
      if (speaks === 'websocket' || greeting.includes('40{"sid"')) {
        one.greeted = true;
        resolve();
      } else if (!asked && greeting.includes('"pingTimeout"')) {
        asked = true;
        stream.write(said(`40{"token":"p${n} d${n}"}`));
      }
    };
    let asked = false;
    stream.on('error', reject);
    stream.on('connect', () => {
      const path = speaks === 'websocket' ? `/?n=${n}` : `/socket.io/?EIO=4&transport=websocket&n=${n}`;
      stream.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n${headers}\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
    });
  });
}

function report(port: number): void {
  const line = connect({ host: '127.0.0.1', port, noDelay: true });
  let last = -1;
  setInterval(() => {
    if (events === last) return;
    last = events;
    const count = Buffer.alloc(8);
    count.writeBigUInt64LE(BigInt(events));
    line.write(count);
  }, 3);
}

type Ask =
  | { open: { port: number; reports: number; speaks: Speaks; from: number; to: number } }
  | { forget: true }
  | { count: true };
answering(async (ask: Ask) => {
  if ('open' in ask) {
    const { port, reports, speaks, from, to } = ask.open;
    for (let n = from; n < to; n += 100)
      await Promise.all(Array.from({ length: Math.min(100, to - n) }, (_, i) => open(n + i, port, speaks)));
    if (from === 0) report(reports);
  } else if ('forget' in ask) {
    events = 0;
  }
  return { events };
});
