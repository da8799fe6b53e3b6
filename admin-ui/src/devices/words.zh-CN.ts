import type { Words } from './words.en.ts';

export const words: Words = {
  devices: {
    title: '设备',
    lead: '所有登录位置。结束会话会立即断开连接。',
    person: '人员',
    device: '设备',
    address: '地址',
    since: '登录时间',
    lastSeen: '最近在线',
    connected: '已连接',
    ended: '已结束',
    idle: '未连接',
    repeated: '刷新令牌重复出示 {count} 次',
    repeatedLast: '最近一次：{when}，来自 {address}。可能是响应丢失、两个标签页同时请求，或令牌被复制。',
    end: '立即结束…',
    endMany: '结束 {count} 个…',
    state: '状态',
    empty: '没有人登录',
    search: '设备、人员、地址',
    unseen: '未在线',
    idleFor: '已有 {count} 天',
    count: '没有设备 | 1 台设备 | {count} 台设备',
    browser: '浏览器',
    named: '{name} 的 {device}',
  },
};
