import { pause } from './lifecycle.ts';

/*
 * Long loops beside the hot path. A loop works for a slice of time and then rests; the slices of all loops are spaced
 * by the rest, so that together they never have more than a quarter of the event loop, however many run. A message that
 * is sent meanwhile waits for one slice at most.
 */

const sliceMs = 2;
const restMs = 6;

let last: Promise<void> = Promise.resolve();

/** One long loop. Ask `isOver` between its steps, and `next` when it is. */
export class Slices {
  #began = performance.now();

  isOver(): boolean {
    return performance.now() - this.#began >= sliceMs;
  }

  /** Resolves when this loop may work again. */
  async next(): Promise<void> {
    last = last.then(() => pause(restMs));
    await last;
    this.#began = performance.now();
  }
}
