import type { Words } from './words.en.ts';

export const words: Words = {
  session: {
    title: '登录',
    to: '{organisation} 管理控制台',
    ended: '你在此设备上的会话已结束，请重新登录。',
    unreachable: '无法连接服务器，本页会自动重试。',
    empty: '此系统还没有所有者。',
    setUp: '开始设置',
    nothing: '没有需要你管理的内容',
    nothingLead: '你的账号没有管理角色。如果你认为应该有，请联系 {organisation} 的管理员。',
    forbidden: '你无权打开此页面',
    forbiddenLead: '需要权限“{permission}”。如果你应当拥有它，请联系管理员。',
    missing: '此地址没有内容',
    missingLead: '链接可能已过期，或者它指向的内容已被删除。',
  },
};
