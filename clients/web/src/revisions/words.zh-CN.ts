import type { Words } from './words.en.ts';

export const words: Words = {
  revisions: {
    title: '编辑记录',
    lead: '最新版本在前。新增内容带下划线，删除内容带删除线。',
    open: '查看编辑记录',
    current: '当前版本',
    original: '原消息',
    version: '历史版本',
    none: '没有保留更早的版本。',
    more: '查看更早的版本',
  },
};
