import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server as Engine, type Socket as EngineSocket } from 'engine.io';
import { WebSocketServer, type WebSocket } from 'ws';
import { limits } from '@parley/protocol/limits.ts';
import type { Seat } from '../kernel/broadcast.ts';
import { Bucket } from './bucket.ts';
import { addressOf, foreignHost, hostJudge, knownOrigins, mayComeFrom, networkOf } from './origin.ts';

export type EngineSettings = {
  host: string;
  publicUrl: string | null;
  origins: readonly string[];
  trustProxy: number;
  connectionsPerAddress: number;
  unsignedPerAddress: number;
  slowReaderBytes: number;
  callsPerSecond: number;
};

/** One connection below Socket.IO, with what the entrance noticed of its request. `remoteAddress` is what the trusted proxies say. */
export type Conn = EngineSocket & {
  userAgent: string | undefined;
  host: string | undefined;
  /** null while its credential is looked at. */
  seat: Seat | null | undefined;
  /** Among which connections of its address it counts. */
  counted: 'unsigned' | 'signed in' | null;
  transport: { socket: HeardSocket };
};
type HeardSocket = WebSocket & { heard: number; _socket: Duplex };
type Slim = { _query: { EIO: string; transport: string }; headers: object; connection: object; url: string };
type Visit = Slim & { websocket: WebSocket; address: string; userAgent: string | undefined; host: string | undefined };

/** The byte stream under a connection's WebSocket. */
export const wireOf = (conn: Conn): Duplex => conn.transport.socket._socket;

const path = '/socket.io/';
const sweepEvery = 2_000;
/**
 * Connections a second one address may begin, on average over ten seconds; one that shows who it is gives its place in
 * this back.
 */
const handshakesPerSecond = 200;
/** Connections in all that have not shown who they are, as a multiple of what one address may hold. */
const unsignedAddresses = 4;

/**
 * Stock Engine.IO sessions behind an entrance of our own: WebSocket only, no session taken up by its id, Origin checked, addresses counted.
 * Connections that have not shown who they are count apart from those that have, and make room for each other, the
 * oldest first: strangers at an address may renew as many as they like, and a client there that shows its token at once
 * still comes in.
 * The HTTP request ends at the entrance: a session that lives for days must not keep its headers alive (see docs/benchmarks.md, memory).
 */
export class SocketEngine extends Engine {
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.packet,
  });
  readonly #signedIn = new Map<string, number>();
  readonly #unsigned = new Map<string, Set<Conn>>();
  readonly #allUnsigned = new Set<Conn>();
  readonly #handshakes = new Map<string, Bucket>();
  readonly #settings: EngineSettings;
  readonly #origins: Set<string>;
  readonly #texts = new Map<string, string>();
  readonly #isOurs: (host: string | undefined) => boolean;
  readonly #sweeper: NodeJS.Timeout;
  readonly #countHeard: (this: WebSocket) => void;

  /** `gone` hears of every connection that ended. */
  constructor(server: HttpServer, settings: EngineSettings, gone: (conn: Conn) => void) {
    super({
      transports: ['websocket'],
      perMessageDeflate: false,
      maxHttpBufferSize: limits.packet,
      allowUpgrades: false,
      pingInterval: 25_000,
      pingTimeout: 20_000,
    });
    this.#settings = settings;
    this.#origins = knownOrigins(settings);
    this.#isOurs = hostJudge(settings);
    server.on('upgrade', (request, stream, head) => this.#knock(request, stream, head));
    this.#sweeper = setInterval(() => this.#sweep(), sweepEvery).unref();
    const most = settings.callsPerSecond * 20 * (sweepEvery / 1_000);
    // Frames that are no calls cost us too: a connection that says far more of them than it may make calls is no client of ours.
    this.#countHeard = function (this: WebSocket) {
      if (++(this as HeardSocket).heard > most) this.terminate();
    };
    const forget = (conn: Conn) => this.#forget(conn);
    const leave = function (this: Conn) {
      forget(this);
      gone(this);
    };
    this.on('connection', (conn: Conn) => {
      const { address, userAgent, host } = conn.request as never as Visit;
      conn.request = bare as never;
      (conn as { remoteAddress: string }).remoteAddress = address;
      conn.userAgent = userAgent;
      conn.host = host;
      conn.seat = undefined;
      this.#wait(conn);
      conn.on('close', leave);
      // The answer to the upgrade is written: nobody will ask for its headers again.
      conn.transport.removeAllListeners('headers');
    });
  }

  /** The library's own entrance stays shut. */
  protected override init(): void {}

  protected override cleanup(): void {
    clearInterval(this.#sweeper);
    this.#upgrades.close();
  }

  #knock(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', ignore);
    const asked = request.url ?? '';
    if (!asked.startsWith(path)) return refuse(stream, 404, 'There is no socket here.');
    const query = new URLSearchParams(asked.slice(asked.indexOf('?') + 1));
    if (query.get('EIO') !== '4' || query.get('transport') !== 'websocket' || query.has('sid'))
      return refuse(stream, 400, 'This door speaks Engine.IO 4 over WebSocket.');
    if (!this.#isOurs(request.headers.host)) return refuse(stream, 421, foreignHost);
    if (!mayComeFrom(request.headers.origin, request.headers.host, this.#origins))
      return refuse(stream, 403, 'Pages of this origin may not connect.');
    const address = addressOf(request, this.#settings.trustProxy);
    if ((this.#signedIn.get(networkOf(address)) ?? 0) >= this.#settings.connectionsPerAddress)
      return refuse(stream, 429, 'Too many connections from this address.');
    const handshakes = this.#handshakesOf(networkOf(address));
    if (handshakes.waitMs() > 0) return refuse(stream, 429, 'Too many new connections from this address.');
    handshakes.charge(1);
    this.#upgrades.handleUpgrade(request, stream, head, (websocket) =>
      this.#welcome(websocket as HeardSocket, {
        address,
        userAgent: this.#intern(request.headers['user-agent']),
        host: this.#intern(request.headers.host),
      }),
    );
  }

  #welcome(websocket: HeardSocket, from: Pick<Visit, 'address' | 'userAgent' | 'host'>): void {
    websocket._socket.off('error', ignore);
    websocket.heard = 0;
    websocket.on('message', this.#countHeard);
    websocket.on('ping', this.#countHeard);
    const visit: Visit = { ...bare, websocket, ...from };
    void this.handshake('websocket', visit as never, () => websocket.terminate());
  }

  /** The connection has shown who it is. false: its address holds as many of these as it may. */
  signIn(conn: Conn): boolean {
    const address = networkOf(conn.remoteAddress);
    const open = this.#signedIn.get(address) ?? 0;
    if (open >= this.#settings.connectionsPerAddress) return false;
    this.#forget(conn);
    conn.counted = 'signed in';
    this.#signedIn.set(address, open + 1);
    this.#handshakes.get(address)?.giveBack(1);
    return true;
  }

  /** A new connection waits for its token; the oldest of its address, or of all, makes room. */
  #wait(conn: Conn): void {
    const address = networkOf(conn.remoteAddress);
    let waiting = this.#unsigned.get(address);
    if (!waiting) this.#unsigned.set(address, (waiting = new Set()));
    conn.counted = 'unsigned';
    waiting.add(conn);
    this.#allUnsigned.add(conn);
    const most = this.#settings.unsignedPerAddress;
    const crowded =
      waiting.size > most ? waiting : this.#allUnsigned.size > most * unsignedAddresses ? this.#allUnsigned : [];
    for (const oldest of crowded) {
      this.#forget(oldest);
      oldest.transport.socket.terminate();
      break;
    }
  }

  #forget(conn: Conn): void {
    const address = networkOf(conn.remoteAddress);
    if (conn.counted === 'unsigned') {
      const waiting = this.#unsigned.get(address)!;
      waiting.delete(conn);
      if (waiting.size === 0) this.#unsigned.delete(address);
      this.#allUnsigned.delete(conn);
    } else if (conn.counted === 'signed in') {
      const open = this.#signedIn.get(address)! - 1;
      if (open > 0) this.#signedIn.set(address, open);
      else this.#signedIn.delete(address);
    }
    conn.counted = null;
  }

  #handshakesOf(address: string): Bucket {
    let handshakes = this.#handshakes.get(address);
    if (!handshakes) this.#handshakes.set(address, (handshakes = new Bucket(handshakesPerSecond)));
    return handshakes;
  }

  /** Cuts whoever leaves even the library's own packets and pongs unread, seated or not, and begins a new count of what is heard. */
  #sweep(): void {
    for (const [address, handshakes] of this.#handshakes) if (handshakes.isFull()) this.#handshakes.delete(address);
    for (const { transport } of Object.values(this.clients) as Conn[]) {
      transport.socket.heard = 0;
      if (transport.socket._socket?.writableLength > this.#settings.slowReaderBytes * 32) transport.socket.terminate();
    }
  }

  /** Thousands of connections say the same few names of browsers and of this server. */
  #intern(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size > 500) this.#texts.clear();
    const kept = text.slice(0, 300);
    this.#texts.set(kept, kept);
    return kept;
  }
}

/** What every session is given for a request. */
const bare: Slim = { _query: { EIO: '4', transport: 'websocket' }, headers: {}, connection: {}, url: path };

function ignore(): void {}

function refuse(stream: Duplex, status: number, sentence: string): void {
  const reasons: Record<number, string> = {
    400: 'Bad Request',
    403: 'Forbidden',
    404: 'Not Found',
    421: 'Misdirected Request',
    429: 'Too Many Requests',
  };
  stream.end(
    `HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
  );
  stream.once('finish', () => stream.destroy());
}
