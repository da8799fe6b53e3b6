import { pause } from './lifecycle.ts';

/*
 * Long loops beside the hot path. A loop works for a slice of time and then rests; the slices of all loops are spaced
 * by the rests, each fourteen times as long as what it rests from, so that together they never have more than a
 * fifteenth of the event loop, however many run. A message that is sent meanwhile waits for one slice at most. What a
 * loop kept a database busy for, the database rests from once.
 */

/** A loop that ends within its first slice never rests: nearly all do. */
const firstSliceMs = 2;
const sliceMs = 1;
const restTimes = 14;

let last: Promise<void> = Promise.resolve();

/** One long loop. Ask `isOver` between its steps, and `next` when it is. */
export class Slices {
  #began = performance.now();
  #lasts = firstSliceMs;
  #waited = 0;

  isOver(): boolean {
    return performance.now() - this.#began >= this.#lasts;
  }

  /** Waits for what a database does: meanwhile the loop does not work. */
  async awaiting<T>(answer: Promise<T>): Promise<T> {
    const since = performance.now();
    try {
      return await answer;
    } finally {
      const waited = performance.now() - since;
      this.#began += waited;
      this.#waited += waited;
    }
  }

  /** Resolves when this loop may work again. */
  async next(): Promise<void> {
    const worked = performance.now() - this.#began;
    const rest = restTimes * worked + this.#waited;
    last = last.then(() => pause(rest));
    await last;
    this.#waited = 0;
    this.#began = performance.now();
    this.#lasts = sliceMs;
  }
}
