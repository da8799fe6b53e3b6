import type { Duplex } from 'node:stream';
import type { Socket } from 'socket.io';
import type { ByeEvent } from '@parley/protocol/sync.ts';
import type { Actor } from '../kernel/actor.ts';
import type { Broadcast, Link, Seat } from '../kernel/broadcast.ts';
import type { Doorway } from '../kernel/work.ts';
import { wireOf, type Conn } from './socket-engine.ts';

/** A goodbye is read within this time, or the connection is dropped. */
const lastWords = 5_000;

/** One open connection as the socket door keeps it: who acts, and where from. */
export class Connection implements Link {
  readonly socket: Socket;
  readonly conn: Conn;
  readonly wire: Duplex;
  readonly seat: Seat;
  readonly doorway: Doorway;
  actor: Actor;
  /** Calls that are not answered yet. */
  underWay = 0;
  /** Calls that were refused as `limited` since one was last answered otherwise. */
  refused = 0;

  constructor(socket: Socket, conn: Conn, actor: Actor, broadcast: Broadcast) {
    this.socket = socket;
    this.conn = conn;
    this.wire = wireOf(conn);
    this.actor = actor;
    this.seat = broadcast.seat(actor.id!, actor.deviceId!, this);
    this.doorway = { door: 'socket', address: conn.remoteAddress, userAgent: conn.userAgent, seat: this.seat };
  }

  /** Stock clients come back by themselves after a lost transport, and stay away after a disconnect: they do what the goodbye means. */
  close(bye: ByeEvent): void {
    if (bye.code === 'resync' || bye.code === 'restarting') this.conn.close();
    else if (this.socket.connected) this.socket.disconnect(true);
    else this.conn.close();
    setTimeout(() => this.wire.destroy(), lastWords).unref();
  }
}
