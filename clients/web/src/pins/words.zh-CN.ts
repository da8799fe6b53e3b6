import type { Words } from './words.en.ts';

export const words: Words = {
  pins: {
    title: '固定的消息',
    empty: '还没有固定的消息。固定一条消息后，会话里的所有人都能在这里找到它。',
    pin: '为所有人固定',
    unpin: '为所有人取消固定',
    by: '{name} 固定于 {when}',
  },
};
