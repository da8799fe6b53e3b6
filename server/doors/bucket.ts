/** Seconds of refill that a bucket holds. */
export const holdsSeconds = 10;

/** Points that refill with time. Two numbers and no timer: there are as many as people. */
export class Bucket {
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond * holdsSeconds;
  }

  /** 0 while any point is left, or the milliseconds until there is one. */
  waitMs(): number {
    const left = this.#refilled();
    return left > 0 ? 0 : ((1 - left) / this.#perSecond) * 1_000;
  }

  /** Whether the debt is as deep as it may be. */
  isEmpty(): boolean {
    return this.#refilled() <= -this.#perSecond * (holdsSeconds - 0.1);
  }

  /** Takes points; the debt is never longer than the bucket is deep. */
  charge(points: number): void {
    this.#left = Math.max(-this.#perSecond * holdsSeconds, this.#refilled() - points);
  }

  giveBack(points: number): void {
    this.#left = Math.min(this.#perSecond * holdsSeconds, this.#refilled() + points);
  }

  isFull(): boolean {
    return this.#refilled() >= this.#perSecond * holdsSeconds;
  }

  #refilled(): number {
    const now = performance.now();
    this.#left = Math.min(this.#perSecond * holdsSeconds, this.#left + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
    return this.#left;
  }
}
