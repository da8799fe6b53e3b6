import { copyText } from '@parley/look/copy.ts';
import { i18n } from '../words/i18n.ts';
import { tell } from './notices.ts';

/** Copies a text and says so; says, too, when the browser refuses. */
export async function copy(text: string): Promise<void> {
  const copied = await copyText(text).then(
    () => true,
    () => false,
  );
  tell(i18n.global.t(copied ? 'app.copied' : 'app.notCopied'));
}
