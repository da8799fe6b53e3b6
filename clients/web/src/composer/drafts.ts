import { reactive, ref } from 'vue';
import { parley } from '../parley.ts';
import { unsavedEdits } from '../talk/editing.ts';

/** Unsent words, with the people they name: the text shows `@Name`, and `named` remembers who that is. */
export type Draft = { text: string; named: Record<string, string>; title: string };

const empty = (): Draft => ({ text: '', named: {}, title: '' });
const prefix = 'parley:draft:';
const drafts = reactive(new Map<string, Draft>());
/** What the browser's store held under a key when this page last read or wrote it. */
const known = new Map<string, string | null>();
/** Drafts that are in memory only. */
const unkept = reactive(new Set<string>());
const storeFails = ref(!works());

const keyOf = (conversationId: string, threadId: string | null) =>
  `${prefix}${parley.store.me?.id ?? ''}:${conversationId}:${threadId ?? ''}`;

function works(): boolean {
  try {
    localStorage.setItem('parley:probe', '');
    localStorage.removeItem('parley:probe');
    return true;
  } catch {
    return false;
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function parsed(kept: string | null): Draft {
  try {
    return { ...empty(), ...(JSON.parse(kept ?? '{}') as Partial<Draft>) };
  } catch {
    return empty();
  }
}

/** A draft as the store holds it: of the same words always the same. */
const written = ({ text, title, named }: Draft): string | null =>
  text || title ? JSON.stringify({ text, title, named }) : null;

/** Two pages wrote on from different words: neither is lost. */
function together(theirs: Draft, mine: Draft): Draft {
  const text = theirs.text.includes(mine.text)
    ? theirs.text
    : mine.text.includes(theirs.text)
      ? mine.text
      : `${theirs.text}\n${mine.text}`;
  return { text, title: mine.title || theirs.title, named: { ...theirs.named, ...mine.named } };
}

/** Whether the browser keeps drafts (and how this page looks), and whether there are some it does not hold. */
export const draftStore = () => ({ fails: storeFails.value, unkept: unkept.size > 0 });

/** The draft of a conversation or thread; an empty one when nothing was begun. Changes when another page writes in it. */
export function draftOf(conversationId: string, threadId: string | null): Draft {
  const key = keyOf(conversationId, threadId);
  if (!drafts.has(key)) {
    const kept = read(key);
    known.set(key, kept);
    drafts.set(key, parsed(kept));
  }
  return drafts.get(key)!;
}

/** Keeps a draft on this device at once: the next reload may come from a crash. */
export function keepDraft(conversationId: string, threadId: string | null, draft: Draft) {
  const key = keyOf(conversationId, threadId);
  const there = read(key);
  // Another page wrote, and this one was not told.
  const isNews = there !== null && there !== known.get(key) && written(draft) !== null;
  keep(key, isNews ? together(parsed(there), draft) : draft);
}

function keep(key: string, draft: Draft) {
  drafts.set(key, draft);
  const text = written(draft);
  // What another page wrote is not written back to it: it may have gone on.
  if (text === known.get(key)) return void unkept.delete(key);
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
    known.set(key, text);
    unkept.delete(key);
    if (text) takesWords();
  } catch {
    // A full or forbidden store: the draft lives as long as the page, which says so.
    storeFails.value = true;
    if (text) unkept.add(key);
    else unkept.delete(key);
  }
}

/** The store took words: what it refused before is offered again. */
function takesWords() {
  storeFails.value = false;
  for (const key of [...unkept]) keep(key, drafts.get(key)!);
}

/** Another page of this browser wrote in a draft, sent it, or signed out; or (no key) the store was emptied. */
function hear({ key, newValue }: StorageEvent) {
  if (key === null) return keepAll();
  if (!key.startsWith(prefix) || !drafts.has(key)) return;
  const mine = drafts.get(key)!;
  const isOurs = written(mine) === (known.get(key) ?? null) || !written(mine);
  known.set(key, newValue);
  if (isOurs) drafts.set(key, parsed(newValue));
  else keep(key, together(parsed(newValue), mine));
}
addEventListener('storage', hear);

function keepAll() {
  known.clear();
  for (const [key, draft] of [...drafts]) keep(key, draft);
}

/** Removes every draft and unsaved edit from this device: the next person to sign in must not read them. */
export function forgetDrafts() {
  drafts.clear();
  unsavedEdits.clear();
  unkept.clear();
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // A store that may not be read holds none.
  }
}
