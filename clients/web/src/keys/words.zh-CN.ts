import type { Words } from './words.en.ts';

export const words: Words = {
  keys: {
    title: '键盘快捷键',
    everywhere: '全局',
    writing: '输入时',
    reading: '阅读时',
    switcher: '前往会话或同事',
    search: '搜索消息',
    next: '下一个会话',
    previous: '上一个会话',
    nextUnread: '下一个未读会话',
    previousUnread: '上一个未读会话',
    help: '显示此列表',
    close: '关闭当前窗口；标为已读',
    regions: '窗口的下一个区域',
    send: '发送',
    newline: '换行',
    editLast: '编辑上一条消息',
    mention: '提到同事',
    preview: '预览',
    messageUp: '上一条消息',
    messageDown: '下一条消息',
    intoMessage: '进入消息操作',
    details: '显示或隐藏详情',
    toComposer: '返回输入框',
  },
};
