import type { Words } from './words.en.ts';

export const words: Words = {
  storage: {
    sends: '此浏览器无法保存数据。尚未发出的消息会在关闭或重新加载页面后丢失。',
    drafts: '此浏览器无法保存数据。草稿和设置会在关闭或重新加载页面后丢失。',
    both: '此浏览器无法保存数据。未发出的消息、草稿和设置会在关闭或重新加载页面后丢失。',
  },
};
