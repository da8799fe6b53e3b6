const line = (id: string, channel: string, sender: string, ts: string, text: string, more: object = {}) => ({
  id,
  channel,
  topic: '',
  sender,
  ts,
  text,
  ...more,
});

/** A small past with every blemish met in real files. The comments number the lines. */
export const told: readonly (string | object)[] = [
  line('t-1', 'quay', 'Ida', '2024-05-01T08:00:00Z', 'first of three at one time'),
  line('t-2', 'quay', 'Ida', '2024-05-01T08:00:00Z', 'second'),
  line('t-3', 'quay', 'Omar', '2024-05-01T08:00:00Z', 'third'),
  '{"id":"t-4","channel":"quay","text":"cut in the mid', // 4
  line('t-5', 'quay', '', '2024-05-01T08:01:00Z', 'who am I?'),
  line('t-6', 'quay', 'عمر', '2024-05-01T08:02:00.123Z', 'مرحبا بالجميع'),
  line('t-7', 'quay', '王小明', '2024-05-01T16:03:00+08:00', '你好，@Omar 早上好\t制表符和\\反斜线'),
  line('t-8', 'quay', 'Ida', '2024-05-01T08:03:00Z', '   '), // 8
  line('t-9', 'quay', 'Ida', 'yesterday', 'when?'), // 9
  line('t-10', 'quay', 'Ida', '2024-05-01T08:02:59Z', 'a second earlier than the line before'),
  line('t-11', 'quay', 'Beacon', '2024-05-01T08:04:00Z', 'deployed\r\nwith a carriage return', { bot: true }),
  line('t-12', 'quay', 'Ida', '2024-13-01T08:04:00Z', 'a month too many'), // 12
  '["not","an","object"]', // 13
  line('t-14', 'answers', 'Ida', '2024-05-02T09:00:00Z', 'told before its parent', {
    reply_to: 't-15',
    thread: 't-15',
  }),
  line('t-15', 'answers', 'Omar', '2024-05-02T09:01:00Z', 'the parent'),
  line('t-16', 'answers', 'Ida', '2024-05-02T09:03:00Z', 'an answer', { reply_to: 't-15', thread: 't-15' }),
  line('t-17', 'answers', 'Rosa', '2024-05-02T09:02:00Z', 'an answer to the answer', { reply_to: 't-16' }),
  line('t-18', 'answers', 'Rosa', '2024-05-02T09:04:00Z', 'x'.repeat(20_001)), // 18
  line('t-19', 'answers', 'Rosa', '2024-05-02T09:04:00Z', 'nothing\0here'), // 19
  line('t-20', 'answers', 'Rosa', '2024-05-02T09:05:00Z', 'answers something lost', { reply_to: 't-0' }),
  line('t-21', 'answers', 'Rosa', '2024-05-02T09:06:00Z', 'answers something on the quay', { reply_to: 't-1' }),
  line('t-22', 'plans', 'Ida', '2024-05-03T10:00:00Z', 'let us build a pier', { topic: 'Pier' }),
  line('t-23', 'plans', 'Kaito 海斗', '2024-05-03T10:01:00Z', 'no topic here'),
  line('t-24', 'plans', 'Ida', '2999-01-01T00:00:00Z', 'from far ahead'), // 24
  { ...line('', 'plans', 'Ida', '2024-05-03T10:01:30Z', 'no id') }, // 25
  line('t-1', 'quay', 'Omar', '2024-05-03T10:01:30Z', 'a used id'), // 26
  line('t-27', 'plans', 'Omar', '2024-05-03T10:02:00Z', 'yes', { topic: 'Pier' }),
  line('t-28', 'plans', 'Nils', '2024-05-03T10:03:00Z', 'agreed @nobody', { topic: 'Pier' }),
  line('t-29', '', 'Ida', '2024-05-03T11:00:00Z', 'between us', { to: 'Rosa' }),
  line('t-30', 'quay', 'Omar', '2024-05-01T08:05:00+02:00', 'line one\nline two \\N and \\. alone:\n\\.'),
];
