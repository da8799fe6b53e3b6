/** The one source of the present moment, so that tests can hold it still. */
let source: () => number = Date.now;

export const now = (): number => source();

/** Replaces the clock until the returned function is called. For tests. */
export function holdClock(at: () => number): () => void {
  source = at;
  return () => {
    source = Date.now;
  };
}
