import type { Words } from './words.en.ts';

export const words: Words = {
  entry: {
    language: '语言',
    email: '邮箱',
    password: '密码',
    signIn: '登录',
    busy: '正在登录…',
    evaluation: '这是带有演示公司的试用环境。账号和密码已在启动服务器的终端中打印。',
    showPassword: '显示密码',
    hidePassword: '隐藏密码',
    cookies: '此浏览器阻止了 {host} 的 Cookie。Parley 需要用它保持登录状态：请允许 Cookie，然后重新加载页面。',
    newVersion: 'Parley 有新版本可用。',
    reload: '重新加载',
    missingPart: '页面的一部分未能加载。请检查网络后重试。',
  },
};
