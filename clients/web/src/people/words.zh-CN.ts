import type { Words } from './words.en.ts';

export const words: Words = {
  presence: { online: '在线', away: '离开', offline: '离线' },
};
