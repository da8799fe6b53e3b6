import { expect, test } from 'vitest';
import { rendered } from '../../testing/rendered.ts';

/** What a reader sees, and would copy: no tags, no entities. */
const seen = (body: string) =>
  rendered(body)
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

test.each([
  // Paths
  '\\\\fileserver\\share\\plan.docx',
  '\\\\fileserver\\_x\\*.log',
  'C:\\_temp\\*.log',
  'C:\\_temp\\*.log and D:\\_x\\*.log',
  'C:\\Users\\me\\.config',
  'C:\\Users\\new',
  'C:\\Users\\\nnext',
  'C:\\Program Files\\_x\\*.log',
  'src\\*.ts lib\\*.ts',
  '文件在C:\\_temp\\*.log里',
  '\\_layouts\\index',
  'me\\.config',
  '..\\_a\\b',
  'src/*.ts lib/**/*.js and src/**/*.ts',
  '*.js *.ts',
  '*/5 * * * *',
  // Expressions and names
  '2*3*4=24',
  'a*b*c',
  '5 * 3 * 2',
  '2**3**4',
  'f(x)*g(x)*h(x)',
  'x[0]*y[0]*z',
  '3*单价*数量',
  'SELECT *',
  'snake_case_name',
  '__init__.py',
  '__init__()',
  'obj.__class__.__name__',
  '_private',
  'my\\_function\\_name',
  '\\d+\\.\\d*',
  '[a-z\\]',
  '\\bword\\b',
  '~100~',
  '1~2~3',
  '~~',
  'a ~ b',
  // Lines
  '#channel',
  '#',
  '##',
  '#1',
  '+1',
  '-1',
  '1.',
  '-',
  '+',
  '1.5',
  '3)',
  '>_<',
  '>.<',
  '>:(',
  '>=5',
  '>100',
  '-> here',
  '1.\n2.\n3.',
  '-\n-',
  // What looks like HTML
  '&nbsp; &lt;b&gt; AT&T &#42;',
  '<b>bold</b>',
  'a < b > c',
  '<@nobody>',
])('%j is shown as typed', (body) => {
  expect(seen(body)).toBe(body);
});

test.each([
  ['\\*not emphasised\\*', '*not emphasised*'],
  ['\\*note', '*note'],
  ['\\_x\\_', '_x_'],
  ['\\~~x\\~~', '~~x~~'],
  ['\\`x\\`', '`x`'],
  ['\\# 1', '# 1'],
  ['1\\. May', '1. May'],
  ['\\- 5', '- 5'],
  ['\\> q', '> q'],
  ['\\---', '---'],
  ['\\[x\\](https://a.com)', '[x](https://a.com)'],
  ['\\<@01a20ad9-959b-7406-843a-13674dc7bc59>', '<@01a20ad9-959b-7406-843a-13674dc7bc59>'],
  ['\\\\*x*', '\\\\x'],
])('a backslash takes the meaning from markup: %j is shown as %j', (body, wanted) => {
  expect(seen(body)).toBe(wanted);
});

test.each([
  ['# 1 is a heading', '<h1>1 is a heading</h1>'],
  ['> quoted', '<blockquote>\n<p>quoted</p>\n</blockquote>'],
  ['>quoted', '<blockquote>\n<p>quoted</p>\n</blockquote>'],
  ['> quoted\n>_< said', '<blockquote>\n<p>quoted</p>\n</blockquote>\n<p>&gt;_&lt; said</p>'],
  ['>引用', '<blockquote>\n<p>引用</p>\n</blockquote>'],
  ['>**bold**', '<blockquote>\n<p><strong>bold</strong></p>\n</blockquote>'],
  ['>- one', '<blockquote>\n<ul>\n<li>one</li>\n</ul>\n</blockquote>'],
  ['>1. one', '<blockquote>\n<ol>\n<li>one</li>\n</ol>\n</blockquote>'],
  ['- a\n- b', '<ul>\n<li>a</li>\n<li>b</li>\n</ul>'],
  ['3. a\n5. b\n5. c', '<ol start="3">\n<li>a</li>\n<li value="5">b</li>\n<li value="5">c</li>\n</ol>'],
  ['1. a\n1. b', '<ol>\n<li>a</li>\n<li>b</li>\n</ol>'],
  ['x\n> q\n# h', '<p>x</p>\n<blockquote>\n<p>q</p>\n</blockquote>\n<h1>h</h1>'],
  ['**2*3*4**', '<strong>2*3*4</strong>'],
])('what is Markdown stays Markdown: %j', (body, html) => {
  expect(rendered(body)).toBe(html);
});
