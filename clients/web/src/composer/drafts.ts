import { reactive } from 'vue';
import { parley } from '../parley.ts';

/** Unsent words, with the people they name: the text shows `@Name`, and `named` remembers who that is. */
export type Draft = { text: string; named: Record<string, string>; title: string };

const empty = (): Draft => ({ text: '', named: {}, title: '' });
const prefix = 'parley:draft:';
const drafts = reactive(new Map<string, Draft>());
const keyOf = (conversationId: string, threadId: string | null) =>
  `${prefix}${parley.store.me?.id ?? ''}:${conversationId}:${threadId ?? ''}`;

function kept(key: string): Draft {
  try {
    return { ...empty(), ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Draft>) };
  } catch {
    return empty();
  }
}

/** The draft of a conversation or thread; an empty one when nothing was begun. */
export function draftOf(conversationId: string, threadId: string | null): Draft {
  const key = keyOf(conversationId, threadId);
  if (!drafts.has(key)) drafts.set(key, kept(key));
  return drafts.get(key)!;
}

/** Keeps a draft on this device at once: the next reload may come from a crash. */
export function keepDraft(conversationId: string, threadId: string | null, draft: Draft) {
  const key = keyOf(conversationId, threadId);
  drafts.set(key, draft);
  try {
    if (draft.text || draft.title) localStorage.setItem(key, JSON.stringify(draft));
    else localStorage.removeItem(key);
  } catch {
    // A full or forbidden store: the draft still lives as long as the page.
  }
}

/** Removes every draft from this device: whoever signs in next must not read them. */
export function forgetDrafts() {
  drafts.clear();
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}
