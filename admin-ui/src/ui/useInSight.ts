import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/vue-virtual';
import { computed, type Ref } from 'vue';

type Options = {
  /** What names each row, wherever it stands. */
  keys: Readonly<Ref<readonly string[]>>;
  /** How high a row is before it was drawn, in pixels. */
  height: number;
  scroller: () => HTMLElement | null;
  /** How far below the scroller's beginning the list begins, in pixels. */
  margin?: Readonly<Ref<number>>;
  /** The row that stays drawn wherever one scrolls: it has the focus, or a field points at it. -1: none. */
  kept: Readonly<Ref<number>>;
};

/**
 * The rows of a list that are in sight, and a few around them: a list of thousands costs no more than a screenful. The list wears the class
 * `in-sight` and `size`; each row its `style`, its `data-index`, and `measure` as its ref.
 */
export function useInSight({ keys, height, scroller, margin, kept }: Options) {
  const begin = () => margin?.value ?? 0;
  const keyOf = computed(() => {
    const all = keys.value;
    return (index: number) => all[index] ?? index;
  });
  const rangeExtractor = computed(() => {
    const at = kept.value;
    return (range: Range) => {
      const inSight = defaultRangeExtractor(range);
      const known = at < 0 || at >= range.count || inSight.includes(at);
      return known ? inSight : [...inSight, at].sort((one, other) => one - other);
    };
  });
  const virtualizer = useVirtualizer<HTMLElement, HTMLElement>(
    computed(() => ({
      count: keys.value.length,
      getItemKey: keyOf.value,
      estimateSize: () => height,
      getScrollElement: scroller,
      scrollMargin: begin(),
      overscan: 10,
      rangeExtractor: rangeExtractor.value,
    })),
  );
  return {
    rows: computed(() =>
      virtualizer.value
        .getVirtualItems()
        .filter(({ index }) => index < keys.value.length)
        .map(({ index, start }) => ({ index, style: { insetBlockStart: `${start - begin()}px` } })),
    ),
    /** The list's own style: how high it is with all its rows. */
    size: computed(() => ({ '--size': `${virtualizer.value.getTotalSize()}px` })),
    measure: (row: unknown) => void (row instanceof HTMLElement && virtualizer.value.measureElement(row)),
    show: (index: number) => virtualizer.value.scrollToIndex(index, { align: 'auto' }),
  };
}
