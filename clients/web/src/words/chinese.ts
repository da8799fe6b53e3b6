import type { Words } from '@parley/look/languages.ts';
import { words as look } from '@parley/look/words.zh-CN.ts';

/** Every folder's Chinese, in one file that is fetched when somebody reads Chinese. */
export const chinese = { look, ...import.meta.glob<Words>('../*/words.zh-CN.ts', { eager: true, import: 'words' }) };
