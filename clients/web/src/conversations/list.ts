import { computed, shallowRef, watch } from 'vue';
import { allConversations, parley } from '../parley.ts';
import { preferences } from '../settings/preferences.ts';
import { isWaiting, sectionsOf } from './sections.ts';

/** The open conversation, set by the page from its address. */
export const openId = shallowRef<string | null>(null);
const heldId = shallowRef<string | null>(null);

watch(
  openId,
  (id) => {
    const summary = id ? parley.store.conversations.get(id) : undefined;
    heldId.value = summary && isWaiting(summary) ? id : null;
  },
  { flush: 'sync' },
);

/** The list as it is drawn. */
export const sections = computed(() => sectionsOf(allConversations(), preferences.order, openId.value, heldId.value));

/** What the window's title counts: conversations that wait for the reader. */
export const waiting = computed(() => allConversations().filter(isWaiting).length);
