import { shallowReactive, shallowRef } from 'vue';
import { i18n } from '../words/i18n.ts';

export type Notice = { id: number; text: string; detail?: string; bad: boolean };
/** Small words at the edge: what happened, for six seconds; what went wrong, until it is closed. */
export const notices = shallowReactive<Notice[]>([]);
/** What the polite live region says next. */
export const spoken = shallowRef('');
let last = 0;

function show(notice: Omit<Notice, 'id'>) {
  const id = ++last;
  notices.push({ id, ...notice });
  if (notices.length > 3) notices.shift();
  if (!notice.bad) setTimeout(() => dismiss(id), 6_000);
}

export function dismiss(id: number) {
  const at = notices.findIndex((notice) => notice.id === id);
  if (at >= 0) notices.splice(at, 1);
}

export const tell = (text: string) => show({ text, bad: false });

/** Says something to screen readers only. The same words twice must be a change, or nothing is heard. */
export function say(text: string) {
  spoken.value = spoken.value === text ? `${text}\u00a0` : text;
}

/** A failure as a sentence of the reader's language; the server's own sentence where ours would say less. */
export function sentenceOf(error: unknown): string {
  const { t, te, locale } = i18n.global;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !te(`errors.${code}`)) return t('errors.unknown');
  const theirs = (error as Error).message;
  // "malformed", "conflict" and their like are explained by the server better, but it speaks English only.
  return locale.value === 'en' && ['malformed', 'conflict', 'forbidden', 'limited'].includes(code) && theirs
    ? theirs
    : t(`errors.${code}`);
}

/** Shows what did not work, why, and the code to quote when it was the server's fault. */
export function showFailure(error: unknown) {
  const requestId = (error as { requestId?: string }).requestId;
  show({
    text: sentenceOf(error),
    bad: true,
    ...(requestId ? { detail: i18n.global.t('errors.quote', { code: requestId }) } : {}),
  });
}

/** Shows one of our sentences as what went wrong; twice is once. */
export function showSentence(word: string) {
  const text = i18n.global.t(word);
  if (!notices.some((notice) => notice.text === text)) show({ text, bad: true });
}

/** Runs an act of the reader's; a failure is shown, and answered with undefined. */
export async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    showFailure(error);
    return undefined;
  }
}
