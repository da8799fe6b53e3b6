import type { Words } from './words.en.ts';

export const words: Words = {
  find: {
    open: '搜索',
    title: '搜索控制台',
    placeholder: '人员、部门、角色、页面、操作…',
    none: '没有名为“{query}”的内容。',
    kinds: { person: '人员', department: '部门', role: '角色', action: '操作', page: '页面' },
    hint: '↑ ↓ 选择，Enter 打开，Esc 关闭',
  },
};
