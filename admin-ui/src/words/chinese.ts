import type { Words } from '@parley/look/languages.ts';

/** Every folder's Chinese, in one file that is fetched when somebody reads Chinese. */
export const chinese = import.meta.glob<Words>('../*/words.zh-CN.ts', { eager: true, import: 'words' });
