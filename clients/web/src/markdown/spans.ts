export type Span = { start: number; end: number };

/** The first of the sorted spans that ends behind `at`: it holds `at`, or is the next one. */
export function spanFrom<T extends Span>(spans: readonly T[], at: number): T | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.end <= at) low = middle + 1;
    else high = middle;
  }
  return spans[low];
}

export function spanAround<T extends Span>(spans: readonly T[], at: number): T | undefined {
  const span = spanFrom(spans, at);
  return span && span.start <= at ? span : undefined;
}
