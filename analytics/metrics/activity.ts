import { grains, type Metric } from './metric.ts';

export const messagesSent: Metric = {
  id: 'messages.sent',
  version: 1,
  name: { en: 'Messages', zh: '消息数' },
  unit: 'messages',
  meaning: {
    en: 'Messages stored, in direct conversations, groups and channels, answers included. Imported messages count on the day they were written. Editing and recalling change nothing. Attributed to the department the sender was in at that moment.',
    zh: '已存储的消息，包括单聊、群组和频道中的消息以及回复。导入的消息按其书写当天计算。编辑和撤回不影响计数。按发送者当时所在部门统计。',
  },
  grains,
  total: 'sum',
  rolledUp: 'sum(messages)',
  raw: 'count()',
};

export const peopleActive: Metric = {
  id: 'people.active',
  version: 1,
  name: { en: 'Active people', zh: '活跃人数' },
  unit: 'people',
  meaning: {
    en: 'Different people who stored at least one message in the day, week (from Monday) or month. Reading alone does not count. A person counts once in the total of a range, however many days they were active.',
    zh: '在当天、当周(周一起)或当月至少发送过一条消息的不同人员。仅阅读不计入。在一个时间段的总数中，每人只计一次。',
  },
  grains,
  total: 'distinct',
  rolledUp: 'groupBitmapMerge(people)',
  raw: 'uniqExact(person)',
};

export const metrics: readonly Metric[] = [messagesSent, peopleActive];
