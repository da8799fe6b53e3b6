import { computed, shallowRef, watch } from 'vue';
import { allConversations, parley } from '../parley.ts';
import { preferences } from '../settings/preferences.ts';
import { isWaiting, sectionsOf } from './sections.ts';

/** The open conversation, set by the page from its address. */
export const openId = shallowRef<string | null>(null);
// The last ones that were unread when they were opened, the newest first: they keep their place for a while, so that nothing moves
// under the reader's eyes and the way back is the way one came.
const heldIds = shallowRef<readonly string[]>([]);
const holdAtMost = 3;

watch(
  openId,
  (id) => {
    const summary = id ? parley.store.conversations.get(id) : undefined;
    if (!summary || heldIds.value.includes(summary.conversation.id) || !isWaiting(summary)) return;
    heldIds.value = [summary.conversation.id, ...heldIds.value].slice(0, holdAtMost);
  },
  { flush: 'sync' },
);

/** The list as it is drawn. */
export const sections = computed(() =>
  sectionsOf(allConversations(), preferences.order, openId.value, new Set(heldIds.value)),
);

/** What the window's title counts: conversations that wait for the reader. */
export const waiting = computed(() => allConversations().filter(isWaiting).length);
