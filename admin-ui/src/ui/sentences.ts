import { ServerError } from '../session/server-error.ts';
import { i18n } from '../words/i18n.ts';

/** Explained by the server better than by us. */
const theirs = new Set(['malformed', 'conflict', 'forbidden', 'limited', 'moved', 'too_large']);

export type Failure = {
  text: string;
  /** The server's own sentence, where ours is in another language than it speaks. */
  detail: string | null;
  /** What to quote to whoever runs the server. */
  quote: string | null;
  code: string;
};

/** A refusal as a sentence of the reader's language. */
export function refusalIn(code: string, message: string, requestId?: string): Failure {
  const { t, te, locale } = i18n.global;
  const ours = te(`errors.${code}`) ? t(`errors.${code}` as 'errors.unknown') : t('errors.unknown');
  const better = theirs.has(code) && message !== '';
  const inEnglish = locale.value === 'en';
  return {
    text: better && inEnglish ? message : ours,
    detail: better && !inEnglish ? message : null,
    quote: requestId ?? null,
    code,
  };
}

/** What went wrong, and the code to quote where there is one. */
export const failureOf = (error: unknown): Failure =>
  error instanceof ServerError ? refusalIn(error.code, error.message, error.requestId) : refusalIn('unknown', '');
