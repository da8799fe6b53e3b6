import type { Words } from './words.en.ts';

export const words: Words = {
  session: {
    title: '登录',
    to: '{organisation}',
    ended: '此设备上的登录已结束，请重新登录。',
    suspended: '你的账号已被停用，请联系管理员。',
    unreachable: '无法连接服务器。请检查网络，页面会自动重试。',
  },
  invitation: {
    title: '欢迎',
    to: '加入 {organisation}',
    lead: '你已收到邀请。设置密码后即可开始使用。',
    password: '设置密码',
    submit: '设置密码并登录',
    busy: '正在设置密码…',
    spent: '此邀请已失效：可能已被使用、已被新邀请取代，或已超过一周。请向邀请你的人索取新链接。',
    missing: '链接不完整。请完整打开收到的链接，包括 # 之后的部分。',
    other: '此浏览器已有人登录。继续操作会将其退出登录。',
    signIn: '改为登录',
  },
  setUp: {
    title: '设置 Parley',
    lead: '当前系统还没有任何数据。完成设置的人将成为所有者。',
    code: '一次性验证码',
    codeHelp: '服务器启动时打印在日志中。',
    organisation: '组织名称',
    organisationHelp: '大家平时的叫法，以后可以修改。',
    name: '你的姓名',
    email: '你的邮箱',
    password: '密码',
    passwordHelp: '至少 12 个字符。',
    submit: '创建所有者并登录',
    busy: '正在创建…',
  },
};
