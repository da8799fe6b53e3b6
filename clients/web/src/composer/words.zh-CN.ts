import type { Words } from './words.en.ts';

export const words: Words = {
  composer: {
    label: '发给 {name} 的消息',
    placeholder: '发消息给 {name}',
    placeholderTopic: '在“{title}”中发言',
    thread: '在话题串中回复',
    send: '发送',
    preview: '预览',
    write: '继续编辑',
    nothingToPreview: '还没有可预览的内容。',
    mention: '提到同事',
    people: '可提到的人',
    topicTitle: '话题',
    topicPlaceholder: '关于什么？',
    hint: 'Enter 发送，Shift+Enter 换行',
    tooLong: '超出 {n} 个字符',
    editing: '正在编辑消息',
    saveEdit: '保存修改',
  },
};
