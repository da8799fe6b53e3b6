/** One part of a number: its bar, what choosing it narrows the page to, and what its events are asked with. */
export type Bar<Choice> = { key: string; name: string; value: number; choice: Choice | null };

/** Shares of the whole, and how long bars are drawn beside the longest. */
export function measured<Choice>(bars: readonly Bar<Choice>[], total: number) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return bars.map((bar) => ({ ...bar, share: total === 0 ? null : bar.value / total, length: bar.value / most }));
}
