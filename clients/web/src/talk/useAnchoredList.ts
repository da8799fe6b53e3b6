import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from '@tanstack/vue-virtual';
import { computed, nextTick, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';

type Keyed = { key: string };
type Options<R extends Keyed> = {
  rows: Ref<readonly R[]>;
  scroller: Ref<HTMLElement | null>;
  guess: (row: R | undefined) => number;
  /** Whether the last row is the newest there is: only then the list follows what arrives. */
  atTail: () => boolean;
  onScroll: () => void;
};

/** Distance from the end, in pixels, within which the reader counts as being at the end. */
const endThreshold = 48;

/**
 * A virtual list that never jumps. What is on screen is the anchor: rows added above, rows measured for the first time and rows that
 * change above the fold move the scroll position by exactly as much as they move the row being read. At the end it stays at the end.
 *
 * The library's own Vue wrapper moves the scroll position before Vue has grown the page, where the browser may cut it off;
 * here the new rows are told before drawing and the position is written after it, both before anything is painted.
 */
export function useAnchoredList<R extends Keyed>({ rows, scroller, guess, atTail, onScroll }: Options<R>) {
  const drawn = shallowRef(0);
  const options = () => ({
    count: rows.value.length,
    getScrollElement: () => scroller.value,
    estimateSize: (index: number) => guess(rows.value[index]),
    getItemKey: keyOf(rows.value),
    overscan: 8,
    paddingStart: 16,
    paddingEnd: 12,
    anchorTo: 'end' as const,
    followOnAppend: atTail(),
    scrollEndThreshold: endThreshold,
    // What is shown "at the start" stands below some of what came before it: nobody reads without context.
    scrollPaddingStart: Math.round((scroller.value?.clientHeight ?? 0) / 4),
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => {
      drawn.value++;
      onScroll();
    },
  });
  const virtualizer = new Virtualizer<HTMLElement, HTMLElement>(options());
  // A row that lies wholly above the fold is made up for in either direction: the library leaves it alone while one scrolls up.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = (item, _delta, list) => {
    const fold = list.scrollOffset ?? 0;
    return list.itemSizeCache.has(item.key) ? item.end <= fold : item.start < fold;
  };
  const unmount = virtualizer._didMount();

  // Where a `show` or `toEnd` is still on its way to. Rows that come meanwhile change indexes, and the library remembers only those:
  // its command is called off, the anchor is taken from where the page really stands, and the command is given anew.
  let heading: { key: string | null; where: 'start' | 'center' | 'auto' } | null = null;
  function give() {
    if (!heading) return;
    const index = heading.key === null ? rows.value.length - 1 : indexOf(heading.key);
    if (heading.key === null) virtualizer.scrollToEnd();
    else if (index >= 0) virtualizer.scrollToIndex(index, { align: heading.where });
  }
  watch([rows, () => atTail()], () => {
    if (heading) {
      virtualizer.cancelScroll();
      virtualizer.scrollOffset = scroller.value?.scrollTop ?? 0;
    }
    virtualizer.setOptions(options());
    drawn.value++;
  });
  watch(
    [rows, drawn],
    ([now], [before]) => {
      virtualizer._willUpdate();
      if (now !== before) give();
    },
    { flush: 'post' },
  );

  async function head(towards: NonNullable<typeof heading>) {
    await nextTick();
    heading = towards;
    virtualizer.setOptions(options());
    await arrived(() => heading === towards);
    if (heading !== towards) return;
    virtualizer.cancelScroll();
    heading = null;
  }
  /** Tells the way anew every frame until the page is drawn as long as the list says, and two frames passed without a change. */
  async function arrived(wanted: () => boolean) {
    let before = '';
    for (let frames = 0, same = 0; frames < 60 && same < 2 && wanted(); frames++) {
      give();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const page = scroller.value;
      if (!page) return;
      const [length, shown] = [Math.max(virtualizer.getTotalSize(), page.clientHeight), page.scrollHeight];
      const now = `${page.scrollTop} ${length}`;
      same = now === before && Math.abs(shown - length) <= 1 ? same + 1 : 0;
      before = now;
    }
  }
  onMounted(() => virtualizer._willUpdate());
  onBeforeUnmount(unmount);
  const stopResize = followResize(scroller, () => virtualizer.isAtEnd(endThreshold + 1));
  onBeforeUnmount(stopResize);

  const items = computed(
    () => (void drawn.value, virtualizer.getVirtualItems().filter((item) => item.index < rows.value.length)),
  );
  const total = computed(() => (void drawn.value, virtualizer.getTotalSize()));
  const indexOf = (key: string) => rows.value.findIndex((row) => row.key === key);

  return {
    items,
    total,
    drawn,
    measure: (element: unknown) => virtualizer.measureElement(element instanceof HTMLElement ? element : null),
    isAtEnd: () => virtualizer.isAtEnd(endThreshold),
    distanceFromEnd: () => virtualizer.getDistanceFromEnd(),
    offset: () => virtualizer.scrollOffset ?? 0,
    height: () => virtualizer.scrollRect?.height ?? 0,
    /** Rows that lie, at least with their lower half, inside the window. */
    onScreen: () => {
      const [top, bottom] = [
        virtualizer.scrollOffset ?? 0,
        (virtualizer.scrollOffset ?? 0) + (virtualizer.scrollRect?.height ?? 0),
      ];
      return virtualizer
        .getVirtualItems()
        .filter((item) => item.end > top && (item.start + item.end) / 2 < bottom)
        .map((item) => rows.value[item.index]!);
    },
    /** Brings a row to the upper quarter, the middle, or just into sight; resolves when it has been drawn there. */
    show: (key: string, where: 'start' | 'center' | 'auto') => head({ key, where }),
    toEnd: () => head({ key: null, where: 'auto' }),
  };
}

// A new function for every set of rows: the library takes a changed function as the sign that keys moved.
const keyOf = (rows: readonly Keyed[]) => (index: number) => rows[index]?.key ?? index;

/** The window grew or shrank (a keyboard, a growing composer): whoever was at the end stays there. */
function followResize(scroller: Ref<HTMLElement | null>, atEnd: () => boolean) {
  let height = 0;
  let wasAtEnd = true;
  const note = () => (wasAtEnd = atEnd());
  const observer = new ResizeObserver(([entry]) => {
    const now = entry!.contentRect.height;
    const element = entry!.target as HTMLElement;
    if (height && now !== height && wasAtEnd) element.scrollTop = element.scrollHeight;
    height = now;
  });
  watch(
    scroller,
    (element, old) => {
      if (old) old.removeEventListener('scroll', note);
      observer.disconnect();
      element?.addEventListener('scroll', note, { passive: true });
      if (element) observer.observe(element);
    },
    { flush: 'post' },
  );
  return () => observer.disconnect();
}
