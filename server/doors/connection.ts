import type { Duplex } from 'node:stream';
import type { Socket } from 'socket.io';
import type { ByeEvent } from '@parley/protocol/sync.ts';
import type { Actor } from '../kernel/actor.ts';
import type { Broadcast, Link, Seat } from '../kernel/broadcast.ts';
import type { Doorway } from '../kernel/work.ts';
import { wireOf, type Conn } from './socket-engine.ts';

/** A goodbye is read within this time, or the connection is dropped. */
const lastWords = 5_000;

/** One open connection as the socket door keeps it: who acts, where from, and how much more it may ask. */
export class Connection implements Link {
  readonly socket: Socket;
  readonly conn: Conn;
  readonly wire: Duplex;
  readonly seat: Seat;
  readonly budget: Budget;
  readonly doorway: Doorway;
  actor: Actor;
  /** Calls that are not answered yet. */
  underWay = 0;

  constructor(socket: Socket, conn: Conn, actor: Actor, broadcast: Broadcast, callsPerSecond: number) {
    this.socket = socket;
    this.conn = conn;
    this.wire = wireOf(conn);
    this.actor = actor;
    this.budget = new Budget(callsPerSecond);
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

/** Calls a connection may make: so many a second on average over ten seconds. Two numbers, no timer: there is one for every open socket. */
export class Budget {
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond * 10;
  }

  /** Takes one call; returns 0, or the milliseconds after which there will be one again. */
  take(): number {
    const now = performance.now();
    this.#left = Math.min(this.#perSecond * 10, this.#left + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    this.#left--;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / this.#perSecond) * 1_000);
  }

  /** Whether it went on calling, ten seconds' worth, after it was told to slow down. */
  get absurd(): boolean {
    return this.#left < this.#perSecond * -10;
  }
}
