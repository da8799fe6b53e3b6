import type { Words } from './words.en.ts';

export const words: Words = {
  entry: {
    language: '语言',
    showPassword: '显示密码',
    hidePassword: '隐藏密码',
  },
};
