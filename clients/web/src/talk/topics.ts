import { shallowReactive } from 'vue';
import type { Entry } from '@parley/sdk/client.ts';
import { parley } from '../parley.ts';

/** Titles of topics by the id of their root. A message names only its root; the title stands there. */
const titles = shallowReactive(new Map<string, string>());
const asking = new Set<string>();

/** Remembers the titles that stand in a window. Called while rows are computed, so it writes only what is new. */
export function learnTopics(conversationId: string, entries: readonly Entry[]) {
  const missing = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== 'message') continue;
    const { id, title, threadId } = entry.message;
    if (title !== null && titles.get(id) !== title) queueMicrotask(() => titles.set(id, title));
    if (threadId !== null && !titles.has(threadId) && !asking.has(threadId)) missing.add(threadId);
  }
  for (const { kind, ...entry } of entries)
    if (kind === 'message' && 'message' in entry) missing.delete(entry.message.id);
  for (const rootId of missing) void fetchTitle(conversationId, rootId);
}

async function fetchTitle(conversationId: string, rootId: string) {
  asking.add(rootId);
  try {
    const page = await parley.call('history:page', { conversationId, threadId: rootId, after: 0, limit: 1 });
    const root = 'messages' in page ? page.messages.find((message) => message.id === rootId) : undefined;
    titles.set(rootId, root?.title ?? '');
  } catch {
    asking.delete(rootId);
  }
}

/** undefined: not known yet. '': the root has no title. */
export const topicTitle = (rootId: string): string | undefined => titles.get(rootId);

export function rememberTopics(topics: readonly { rootId: string; title: string }[]) {
  for (const { rootId, title } of topics) titles.set(rootId, title);
}
