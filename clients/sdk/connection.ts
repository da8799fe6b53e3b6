import { io, type Socket } from 'socket.io-client';
import type { Answers, CallInput, CallName, ServerEvents } from '@parley/protocol/catalogue.ts';
import { Refusal, type Answer } from '@parley/protocol/errors.ts';
import type { ByeEvent } from '@parley/protocol/sync.ts';
import { faults } from '@parley/protocol/errors.ts';
import { backoff, backoffFor, pause } from './backoff.ts';
import { asParleyError, noAnswer, notSignedIn, ParleyError } from './failure.ts';
import { isOver, type DeviceSession } from './session.ts';
import type { State } from './parley.ts';

/** Calling the server, as the rest of the package needs it. */
export type Calls = {
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<Answers[N]>;
  /** Whether a call made now leaves at once. */
  isLive(): boolean;
};

type Handlers = {
  session: DeviceSession;
  origin: string;
  /** A connection is about to be made: events may come from now on. */
  connecting(): void;
  /** The connection's first calls; only when they are answered does the line count as live. */
  greet(calls: Calls): Promise<void>;
  hear: { [E in Exclude<keyof ServerEvents, 'bye'>]: ServerEvents[E] };
  /** `state`, `nextAttempt` or `problem` moved. */
  changed(): void;
  /** The server ended the session over this line. */
  ended(why: ParleyError): void;
};

const answerWithin = 15_000;
const connectWithin = 15_000;
/** How often, and for how long (ms), a call waits when the server says that this person asks too much at once. */
const mostWaits = 5;
const longestWaitMs = 15_000;
/** How long a call waits for a line that is down. */
const lineWithin = 10_000;

/**
 * The line to the server: one socket at a time, made anew for every attempt.
 * 1. An attempt takes a valid access token, connects, and greets (catches up); then the line is `live`.
 * 2. Whatever fails on the way, or a line that drops, leads to another attempt after a wait with full jitter, for ever.
 * 3. A refused token is renewed once at once, and a proof whose nonce is old is made anew; when the session is over,
 *    the line stays down and `ended` hears why.
 * 4. `bye` decides where it can: an ended session is not tried again, a restarting server gets its jitter.
 */
export function createConnection({ session, origin, connecting, greet, hear, changed, ended }: Handlers) {
  let state: Exclude<State, 'signed-out'> = 'waiting';
  let nextAttempt: number | null = null;
  let problem: ParleyError | null = null;
  let wanted = false;
  let failures = 0;
  let socket: Socket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Every attempt has a number of its own: what an abandoned one still says is not heard.
  let attempt = 0;
  let waiting: (() => void)[] = [];

  function become(now: typeof state, at: number | null = null): void {
    state = now;
    nextAttempt = at;
    if (now === 'live') problem = null;
    if (now === 'live' || !wanted) for (const wake of waiting.splice(0)) wake();
    changed();
  }

  function close(): void {
    attempt++;
    clearTimeout(timer);
    socket?.removeAllListeners();
    socket?.disconnect();
    socket = null;
  }

  function again(wait: number, why: ParleyError | null = problem): void {
    close();
    if (!wanted) return;
    problem = why;
    timer = setTimeout(() => void tryNow(false), wait);
    become('waiting', Date.now() + wait);
  }

  const failed = (error: ParleyError) => again(backoffFor(failures++, error.retryAfter), error);

  async function tryNow(renewed: boolean): Promise<void> {
    close();
    const mine = attempt;
    become('connecting');
    try {
      const credential = await session.handshake();
      if (mine !== attempt) return;
      connecting();
      await connect(credential, mine);
      if (mine !== attempt) return;
      await greet({ call: (name, input) => ask(socket!, name, input), isLive: () => true });
      if (mine !== attempt) return;
      failures = 0;
      become('live');
    } catch (error) {
      if (mine !== attempt || !wanted) return;
      const failure = asParleyError(error);
      if (failure.code === 'unauthenticated' && !renewed && session.userId) return renewAndTry(mine);
      if (failure.code === 'stale_proof' && !renewed) return void tryNow(true);
      if (isOver(failure)) return ended(failure);
      failed(failure);
    }
  }

  async function renewAndTry(mine: number): Promise<void> {
    try {
      await session.renew();
      if (mine === attempt) await tryNow(true);
    } catch (error) {
      if (mine === attempt && wanted) failed(asParleyError(error));
    }
  }

  function connect(credential: { token: string }, mine: number): Promise<void> {
    // Its own reconnecting stays off: it would come back without a fresh token, and without our waits.
    const line = io(origin, {
      transports: ['websocket'],
      auth: credential,
      forceNew: true,
      reconnection: false,
      timeout: connectWithin,
    });
    socket = line;
    for (const [event, handler] of Object.entries(hear)) line.on(event, handler as (...args: unknown[]) => void);
    line.on('bye', (bye: ByeEvent) => mine === attempt && leave(bye));
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(noAnswer(new Error('no greeting'))), connectWithin);
      line.on('connect', () => (clearTimeout(patience), resolve()));
      line.on('connect_error', (error: Error & { data?: unknown }) => {
        clearTimeout(patience);
        const refusal = Refusal.safeParse(error.data);
        reject(refusal.success ? session.heed(new ParleyError(refusal.data)) : noAnswer(error));
      });
      line.on('disconnect', (reason) => {
        clearTimeout(patience);
        const lost = noAnswer(new Error(reason));
        reject(lost);
        // While greeting, the attempt itself sees the loss.
        if (mine === attempt && state === 'live') failed(lost);
      });
    });
  }

  function leave({ code, message }: ByeEvent): void {
    if (code === 'session_ended' || code === 'suspended')
      return ended(new ParleyError({ code, message, fault: faults[code] }));
    again(backoff(0, { base: code === 'restarting' ? 3_000 : 1_000 }), null);
  }

  function ask<N extends CallName>(line: Socket, name: N, input: CallInput<N>): Promise<Answers[N]> {
    return new Promise((resolve, reject) => {
      // Never into the library's own buffer: what waits there would leave long after its caller gave up.
      if (!line.connected) return reject(noAnswer());
      line.timeout(answerWithin).emit(name, input, (lost: Error | null, answer: Answer<Answers[N]>) => {
        if (lost) reject(noAnswer(lost));
        else if (answer?.error) reject(new ParleyError(answer.error));
        else resolve(answer.ok as Answers[N]);
      });
    });
  }

  /** Resolves when the line is live, or after the wait for it. */
  function line(): Promise<void> {
    if (state === 'live' || !wanted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => (clearTimeout(limit), resolve());
      const limit = setTimeout(() => ((waiting = waiting.filter((one) => one !== wake)), resolve()), lineWithin);
      waiting.push(wake);
    });
  }

  async function call<N extends CallName>(name: N, input: CallInput<N>): Promise<Answers[N]> {
    for (let retried = false, waits = 0; ;) {
      if (!session.userId) throw notSignedIn();
      await line();
      if (state !== 'live' || !socket) throw problem ?? noAnswer();
      const mine = attempt;
      try {
        return await ask(socket, name, input);
      } catch (error) {
        if (!(error instanceof ParleyError)) throw error;
        // Refused before it began, so it may be made again, whatever it does.
        if (error.code === 'limited' && waits++ < mostWaits && (error.retryAfter ?? Infinity) <= longestWaitMs) {
          await pause(error.retryAfter! * (1 + Math.random() / 2));
          continue;
        }
        // The server looked at the token and did nothing: with a new one, on a new line, the call is made once more.
        if (retried || error.code !== 'unauthenticated') throw error;
        retried = true;
        if (mine === attempt && wanted) await renewAndTry(attempt);
      }
    }
  }

  return {
    get state(): State {
      return session.userId ? state : 'signed-out';
    },
    get nextAttempt() {
      return nextAttempt;
    },
    get problem() {
      return problem;
    },
    call,
    isLive: () => state === 'live',
    start(): void {
      if (wanted || !session.userId) return;
      wanted = true;
      failures = 0;
      problem = null;
      void tryNow(false);
    },
    /** Down until `start()`; `why`, when it was not the caller's wish. */
    stop(why: ParleyError | null = null): void {
      wanted = false;
      close();
      problem = why;
      become('waiting');
    },
    reconnect(): void {
      if (wanted && state === 'waiting') void tryNow(false);
    },
  };
}
