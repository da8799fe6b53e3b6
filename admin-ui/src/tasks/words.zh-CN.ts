import type { Words } from './words.en.ts';

export const words: Words = {
  tasks: {
    title: '任务',
    lead: '无需等待的长时间工作：正在运行的和已有结果的。',
    kind: '内容',
    state: '状态',
    started: '开始',
    finished: '完成',
    by: '发起者',
    result: '结果',
    empty: '还没有长时间任务',
    emptyLead: '导入和导出在运行时显示在这里，并保留结果。',
    states: { waiting: '等待中', running: '运行中', done: '已完成', failed: '失败', stopped: '已停止' },
    kinds: { 'audit-export': '审计日志导出', import: '导入', 'revisions-delete': '删除历史版本' },
    of: '{done} / {total}',
    file: '文件',
    download: '下载',
    failures: {
      'audit-export': '导出失败，没有生成文件。请重新开始；原因见服务器日志。',
      import: '导入失败。已存储的内容会保留；再次运行命令即可继续。原因见命令输出。',
      'revisions-delete': '删除失败，将自动重试；尚未删除的内容仍保留。原因见服务器日志。',
    },
    failedWhy: '任务失败；原因见服务器日志。',
    stoppedWhy: '其进程已两分钟没有动静，或已被停止。重新启动即可继续。',
    facts: {
      deleted: '已删除',
      entries: '条目',
      messages: '消息',
      people: '人员',
      stored: '新增',
      already: '已存在',
      refused: '已跳过',
      malformed: '格式错误',
    },
  },
};
