import type { Words } from './words.en.ts';

export const words: Words = {
  nav: { people: '人员', oversight: '监督', analytics: '分析', system: '系统' },
  account: {
    menu: '你的账号与显示方式',
    theme: '外观',
    light: '浅色',
    dark: '深色',
    system: '跟随系统',
    language: '语言',
    own: '密码与设备',
    dense: '紧凑列表',
    signOut: '退出登录',
  },
};
