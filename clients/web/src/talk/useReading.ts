import { onBeforeUnmount, ref, watch } from 'vue';
import type { Ref } from 'vue';
import type { Row } from './rows.ts';
import type { Talk } from './useTalk.ts';

type List = {
  drawn: Ref<number>;
  isAtEnd(): boolean;
  offset(): number;
  height(): number;
  distanceFromEnd(): number;
  onScreen(): Row[];
};

/** How far from an end, in windows, the next page is fetched: early enough that one rarely sees it come. */
const ahead = 1.5;

/**
 * What follows from where the reader is: fetches pages before they are needed, and reports the newest line that was seen,
 * only while the window has the reader's attention.
 */
export function useReading(talk: Talk, list: List, placed: Ref<boolean>, seen: (line: number, atEnd: boolean) => void) {
  const atEnd = ref(true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pages: Record<'older' | 'newer', boolean> = { older: false, newer: false };

  async function fetch(direction: 'older' | 'newer') {
    if (pages[direction]) return;
    pages[direction] = true;
    try {
      await talk.timeline[direction]();
    } catch {
      // Refused or away: the next scroll asks again.
    } finally {
      // One page a frame at most, so that what arrived is drawn and measured first.
      requestAnimationFrame(() => {
        pages[direction] = false;
        moved();
      });
    }
  }

  function look() {
    if (!placed.value || document.visibilityState !== 'visible' || !document.hasFocus()) return;
    let line = 0;
    for (const row of list.onScreen()) {
      if (row.kind === 'message' && row.entry.kind === 'message' && row.entry.message.line)
        line = Math.max(line, row.entry.message.line);
    }
    seen(line, atEnd.value && !talk.hasNewer.value);
  }

  function moved() {
    if (!placed.value) return;
    atEnd.value = list.isAtEnd() && !talk.hasNewer.value;
    const margin = list.height() * ahead;
    if (talk.hasOlder.value && list.offset() < margin) void fetch('older');
    if (talk.hasNewer.value && list.distanceFromEnd() < margin) void fetch('newer');
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  }

  watch([list.drawn, placed], moved, { flush: 'post' });
  window.addEventListener('focus', moved);
  document.addEventListener('visibilitychange', moved);
  onBeforeUnmount(() => {
    clearTimeout(timer);
    window.removeEventListener('focus', moved);
    document.removeEventListener('visibilitychange', moved);
  });
  return { atEnd, moved };
}
