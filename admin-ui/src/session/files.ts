import { ServerError } from './server-error.ts';
import { send } from './send.ts';
import { accessToken, renew } from './session.ts';

const ask = (path: string) => send(path, { method: 'GET', token: accessToken() });

/** Fetches a file the session is needed for, and hands it over under the name the server gave it. */
export async function fetchFile(path: string): Promise<void> {
  let response = await ask(path).catch((error: unknown) => {
    throw ServerError.noAnswer(error);
  });
  if (response.status === 401 && (await renew())) response = await ask(path);
  if (!response.ok) {
    const { error } = (await response.json().catch(() => ({}))) as {
      error?: ConstructorParameters<typeof ServerError>[0];
    };
    throw error ? new ServerError(error) : ServerError.noAnswer(new Error(`HTTP ${response.status}`));
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'parley';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
