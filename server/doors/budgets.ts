import type { Actor } from '../kernel/actor.ts';
import { Refused } from '../kernel/errors.ts';
import { pause } from '../kernel/lifecycle.ts';
import { partKey } from '../kernel/parts.ts';
import { atOnceOf, classOf, isTimed, pointsOf, type Cost, type CostName } from './costs.ts';
import type { Doorway, House } from '../kernel/work.ts';
import { Bucket, holdsSeconds } from './bucket.ts';
import { networkOf } from './origin.ts';

/*
 * How much each person may ask, over all their connections and doors together. Kept in this process's memory.
 * 1. A budget of points refills at a steady rate and holds ten seconds of it. A call is admitted while any point is
 *    left and may overdraw the budget; the debt is paid before the next call, and is never longer than ten seconds.
 * 2. A call of a timed class also pays for its time: one point for each `msAPoint` it ran, if that is more than its
 *    points, at most `mostTimes` as much. So what turns out heavy counts as heavy, and a slow server does not ruin a
 *    person who opened a dashboard.
 * 3. A class may have so many places a person; the others wait their turn, or are refused when too many wait or the
 *    wait is too long. So one person's burst of messages takes a few places in each batch of the send lane, and never
 *    the batch.
 * 4. Hints (typing, presence) have a fifth of the rate to themselves. Beyond it they are dropped, so that they never
 *    use up what messages need.
 * 5. Callers who are not signed in share one budget a network address. No operation that lets people in is charged to
 *    it: strangers at an address must not keep out the people there (identity/sign-in-limits.ts).
 */

export const budgets = partKey<Budgets>('budgets');

export type BudgetSettings = { callsPerSecond: number; botCallsPerSecond: number; strangerCallsPerSecond: number };

const msAPoint = 10;
const mostTimes = 5;
const mostWaiting = 200;
const mostWaitingMs = 12_000;
const heldBackMs = 1_000;
const sweepEveryMs = 60_000;

export class Budgets {
  readonly #settings: BudgetSettings;
  readonly #payers = new Map<string, Payer>();
  #sweptAt = performance.now();

  constructor(settings: BudgetSettings) {
    this.#settings = settings;
  }

  /** The budget a caller pays from: the person's, or the address's for callers who are not signed in. */
  payerOf(actor: Actor, address: string | undefined): Payer {
    const { callsPerSecond, botCallsPerSecond, strangerCallsPerSecond } = this.#settings;
    if (actor.id === null) return this.#payer(`address ${networkOf(address ?? 'unknown')}`, strangerCallsPerSecond);
    return this.#payer(actor.id, actor.kind === 'bot' ? botCallsPerSecond : callsPerSecond);
  }

  #payer(key: string, perSecond: number): Payer {
    if (performance.now() - this.#sweptAt > sweepEveryMs) this.#sweep();
    let payer = this.#payers.get(key);
    if (!payer) this.#payers.set(key, (payer = new Payer(perSecond)));
    return payer;
  }

  /** Forgets payers whose budgets are full again. */
  #sweep(): void {
    this.#sweptAt = performance.now();
    for (const [key, payer] of this.#payers) if (payer.isIdle()) this.#payers.delete(key);
  }
}

type Waiting = { grant(): void };
type Places = { running: number; waiting: Waiting[] };

/** The budget of one person or one address. */
export class Payer {
  readonly #calls: Bucket;
  readonly #hints: Bucket;
  readonly #places = new Map<CostName, Places>();
  readonly #perSecond: number;
  #pressure = 0;
  #pressureAt = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#calls = new Bucket(perSecond);
    this.#hints = new Bucket(perSecond / 5);
  }

  /** Pays for a call; throws `limited` when nothing is left. */
  pay(points: number): void {
    const waitMs = points === 0 ? 0 : this.#calls.waitMs();
    if (waitMs > 0) throw this.refusal('Too many calls. Slow down.', waitMs);
    this.#calls.charge(points);
  }

  /** Pays for a hint; false when it must be dropped. Only a caller who floods is told. */
  payHint(points: number): boolean {
    const waitMs = this.#hints.waitMs();
    if (waitMs > 0 && this.isFlooding) throw this.refusal('Too many calls. Slow down.', waitMs);
    if (waitMs > 0) this.#press();
    else this.#hints.charge(points);
    return waitMs === 0;
  }

  /**
   * Takes points for something that was admitted already; throws `limited` only when the debt is as deep as it may be.
   */
  payOnCredit(points: number): void {
    if (this.#calls.isEmpty()) throw this.refusal('Too many calls. Slow down.', this.#calls.waitMs());
    this.#calls.charge(points);
  }

  /** Takes points for what was done, whatever is left. */
  charge(points: number): void {
    this.#calls.charge(points);
  }

  /**
   * Counts a refusal after which no connection can be cut, and makes callers who flood wait for it: each of their
   * connections then costs about one refusal in so many milliseconds. The waits differ, or all connections of a flood
   * would come back at the same moment.
   */
  async holdBack(ms = heldBackMs): Promise<void> {
    this.#press();
    if (this.isFlooding) await pause(ms * (0.5 + Math.random()));
  }

  refusal(sentence: string, retryAfter: number): Refused {
    this.#press();
    return new Refused('limited', sentence, { retryAfter: Math.ceil(retryAfter) });
  }

  /** Whether the caller went on calling, ten seconds' worth, after being told to slow down. */
  get isFlooding(): boolean {
    return this.#pressureNow() > this.#perSecond * holdsSeconds;
  }

  /**
   * Waits for a place of a class and returns how to leave it. Throws `limited` when too many wait already, or for too
   * long.
   */
  async enter(name: CostName): Promise<() => void> {
    const atOnce = atOnceOf(name);
    if (atOnce === undefined) return nothing;
    let places = this.#places.get(name);
    if (!places) this.#places.set(name, (places = { running: 0, waiting: [] }));
    if (places.running < atOnce) places.running++;
    else if (places.waiting.length >= mostWaiting) throw this.refusal('Too many such calls wait already.', 2_000);
    else await this.#turn(places);
    return () => leave(places);
  }

  #turn(places: Places): Promise<void> {
    return new Promise((resolve, reject) => {
      const mine: Waiting = { grant: () => (clearTimeout(limit), resolve()) };
      const limit = setTimeout(() => {
        places.waiting.splice(places.waiting.indexOf(mine), 1);
        reject(this.refusal('The calls before this one take too long.', 2_000));
      }, mostWaitingMs);
      places.waiting.push(mine);
    });
  }

  isIdle(): boolean {
    return (
      this.#calls.isFull() &&
      this.#hints.isFull() &&
      this.#pressureNow() === 0 &&
      [...this.#places.values()].every(({ running }) => running === 0)
    );
  }

  #press(): void {
    this.#pressure = this.#pressureNow() + 1;
    this.#pressureAt = performance.now();
  }

  #pressureNow(): number {
    return Math.max(0, this.#pressure - ((performance.now() - this.#pressureAt) / 1_000) * this.#perSecond);
  }
}

function leave(places: Places): void {
  const next = places.waiting.shift();
  if (next) next.grant();
  else places.running--;
}

const nothing = (): void => undefined;

/**
 * Runs a call at its cost: pays, waits for a place if its class has places, and pays for the time a heavy one took.
 * `dropped` is the answer to a hint beyond its share. What a GraphQL document asks for was admitted with the document:
 * its fields pay on credit.
 */
export async function atCost<T>(
  house: House,
  caller: { actor: Actor; doorway: Doorway },
  { cost, input, dropped }: { cost: Cost; input: unknown; dropped: T },
  run: () => Promise<T>,
): Promise<T> {
  const payer = house.parts.use(budgets).payerOf(caller.actor, caller.doorway.address);
  const name = classOf(cost);
  const points = pointsOf(house, cost, input);
  if (name === 'hint') return payer.payHint(points) ? run() : dropped;
  if (caller.doorway.admitted) payer.payOnCredit(points);
  else payer.pay(points);
  if (atOnceOf(name) === undefined) return run();
  const left = await payer.enter(name);
  const began = performance.now();
  try {
    return await run();
  } finally {
    left();
    const byTime = Math.min(points * mostTimes, (performance.now() - began) / msAPoint);
    if (isTimed(name) && byTime > points) payer.charge(byTime - points);
  }
}
