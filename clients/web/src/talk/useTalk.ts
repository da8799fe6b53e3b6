import { computed, onScopeDispose, shallowRef } from 'vue';
import type { ComputedRef } from 'vue';
import type { Place } from '@parley/sdk/client.ts';
import { me, parley, summaryOf } from '../parley.ts';
import { learnTopics } from './topics.ts';
import { rowsOf } from './rows.ts';
import type { Row } from './rows.ts';

/** A timeline and its rows, kept current for as long as the component lives. */
export function useTalk(conversationId: string, threadId: string | null) {
  const timeline = parley.timeline(conversationId, threadId);
  const version = shallowRef(0);
  const stop = timeline.subscribe(() => version.value++);
  onScopeDispose(() => {
    stop();
    timeline.close();
  });

  const read = <T>(fact: () => T): ComputedRef<T> => computed(() => (void version.value, fact()));
  const entries = read(() => timeline.entries);
  const unreadFrom = read(() => timeline.unreadFrom);
  const hasOlder = read(() => timeline.hasOlder);
  const threading = computed(() => summaryOf(conversationId)?.conversation.threading ?? 'replies');
  const rows = computed<Row[]>(() => {
    if (threading.value === 'topics') learnTopics(conversationId, entries.value);
    return rowsOf(entries.value, {
      myId: me()?.id ?? '',
      hasOlder: hasOlder.value,
      unreadFrom: unreadFrom.value,
      threading: threading.value,
      narrowed: threadId !== null,
    });
  });

  return {
    timeline,
    rows,
    entries,
    unreadFrom,
    hasOlder,
    hasNewer: read(() => timeline.hasNewer),
    state: read(() => timeline.state),
    error: read(() => timeline.error),
    open: (place: Place) => timeline.open(place).catch(() => undefined),
  };
}
export type Talk = ReturnType<typeof useTalk>;
