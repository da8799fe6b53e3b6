import type { Words } from './words.en.ts';

export const words: Words = {
  settings: {
    menu: '设置',
    language: '语言',
    theme: '外观',
    light: '浅色',
    dark: '深色',
    system: '跟随系统',
    account: '我的账号',
    shortcuts: '键盘快捷键',
    signOut: '退出登录',
  },
};
