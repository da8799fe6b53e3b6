import type { Words } from './words.en.ts';

export const words: Words = {
  session: {
    title: '登录',
    to: '{organisation}',
    email: '邮箱',
    password: '密码',
    showPassword: '显示密码',
    hidePassword: '隐藏密码',
    submit: '登录',
    busy: '正在登录…',
    evaluation: '这是带有演示公司的试用环境。账号和密码已在启动服务器的终端中打印。',
    ended: '此设备上的登录已结束，请重新登录。',
    suspended: '你的账号已被停用，请联系管理员。',
    unreachable: '无法连接服务器。请检查网络，页面会自动重试。',
    lang: '语言',
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
