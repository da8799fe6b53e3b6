import { type TypedDocumentString } from '../graphql/graphql.ts';
import { send } from './send.ts';
import { ServerError } from './server-error.ts';
import { accessToken, renew } from './session.ts';

type Answer<T> = {
  data?: T | null;
  errors?: {
    message: string;
    extensions?: { code?: string; fault?: string; requestId?: string; message?: string; retryAfter?: number };
  }[];
};

let onEnd: () => void = () => undefined;
/** What happens when the server says that the session is over. */
export const whenSessionEnds = (act: () => void) => void (onEnd = act);

/**
 * How often, and for how long in milliseconds, a document waits when the server says that this person asks too much at
 * once.
 */
const mostWaits = 4;
const longestWaitMs = 15_000;

/**
 * Runs one generated document. Rejects with a `ServerError` carrying the first refusal; renews a spent token once by
 * itself, and waits as told where the server refused the whole document as too much at once: then nothing of it has
 * run.
 */
export async function request<T, V>(
  document: TypedDocumentString<T, V>,
  variables?: V,
  signal?: AbortSignal,
): Promise<T> {
  const first = await sendPatiently<T>(document.toString(), variables, signal);
  const refused = first.errors?.[0]?.extensions?.code;
  if (refused !== 'unauthenticated' && refused !== 'session_ended') return read(first);
  if (!(await renew())) {
    onEnd();
    return read(first);
  }
  return read(await sendPatiently<T>(document.toString(), variables, signal));
}

async function sendPatiently<T>(query: string, variables: unknown, signal?: AbortSignal): Promise<Answer<T>> {
  for (let waits = 0; ; waits++) {
    const answer = await sendOnce<T>(query, variables, signal);
    const { code, retryAfter = 0 } = answer.errors?.[0]?.extensions ?? {};
    if (code !== 'limited' || answer.data || waits >= mostWaits || retryAfter > longestWaitMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, retryAfter * (1 + Math.random() / 2)));
  }
}

async function sendOnce<T>(query: string, variables: unknown, signal?: AbortSignal): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(60_000);
  try {
    const response = await send('/graphql', {
      method: 'POST',
      token: accessToken(),
      body: { query, variables },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    return (await response.json()) as Answer<T>;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw ServerError.noAnswer(error);
  }
}

function read<T>({ data, errors }: Answer<T>): T {
  const [error] = errors ?? [];
  if (error) {
    const { code = 'internal', fault, requestId } = error.extensions ?? {};
    throw new ServerError({
      code,
      message: error.message,
      ...(fault ? { fault } : {}),
      ...(requestId ? { requestId } : {}),
    });
  }
  if (!data) throw ServerError.noAnswer(new Error('an answer without data'));
  return data;
}
