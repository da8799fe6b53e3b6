import type { Words } from './words.en.ts';

export const words: Words = {
  list: {
    clear: '清除所有筛选',
    clearOne: '移除筛选“{name}”',
    find: '查找…',
    columns: '列',
    range: '第 {from}–{to} 条，共 {total} 条',
    rangeOpen: '第 {from}–{to} 条',
    size: '每页行数',
    next: '下一页',
    previous: '上一页',
    first: '第一页',
    empty: '这里还没有内容',
    noMatch: '没有符合筛选条件的内容',
    select: '选择 {name}',
    selectAll: '选择本页全部',
    selected: '已选 {count} 项',
    clearSelection: '清除选择',
    sortBy: '按{column}排序',
    acts: '操作',
    open: '打开',
    table: '{name}表格；可横向滚动查看更多列',
  },
};
