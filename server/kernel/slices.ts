import { pause } from './lifecycle.ts';

/*
 * Long loops beside the hot path. A loop works for a slice of time and then rests; the slices of all loops are spaced
 * by the rests, each six times as long as what it rests from, so that together they never have more than a seventh of
 * the event loop, however many run. A message that is sent meanwhile waits for one slice at most.
 */

/** A loop that ends within its first slice never rests: nearly all do. */
const firstSliceMs = 2;
const sliceMs = 1;
const restTimes = 6;

let last: Promise<void> = Promise.resolve();

/** One long loop. Ask `isOver` between its steps, and `next` when it is. */
export class Slices {
  #began = performance.now();
  #lasts = firstSliceMs;

  isOver(): boolean {
    return performance.now() - this.#began >= this.#lasts;
  }

  /** Waits for what others do, a database above all: while it waits, the loop does not work. */
  async awaiting<T>(others: Promise<T>): Promise<T> {
    const since = performance.now();
    try {
      return await others;
    } finally {
      this.#began += performance.now() - since;
    }
  }

  /** Resolves when this loop may work again. */
  async next(): Promise<void> {
    const worked = performance.now() - this.#began;
    last = last.then(() => pause(restTimes * worked));
    await last;
    this.#began = performance.now();
    this.#lasts = sliceMs;
  }
}
