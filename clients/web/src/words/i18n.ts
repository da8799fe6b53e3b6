import { createSpeech, type Words } from '@parley/look/languages.ts';
import { words as look } from '@parley/look/words.en.ts';

/** What the chat says, in the language chosen. The words stand in each folder's `words.en.ts` and `words.zh-CN.ts`. */
export const { i18n, speak } = createSpeech(
  { look, ...import.meta.glob<Words>('../*/words.en.ts', { eager: true, import: 'words' }) },
  async () => (await import('./chinese.ts')).chinese,
);
