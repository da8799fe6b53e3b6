import MarkdownIt from 'markdown-it';
import { expect, test } from 'vitest';
import { rendered } from '../../testing/rendered.ts';

/** `[strong]`, `(em)` and `{s}` stand for the elements. */
const drawn = (body: string) =>
  rendered(body)
    .replace(
      /<\/?(?:strong|em|s)>/g,
      (tag) => ({ strong: '[]', em: '()', s: '{}' })[tag.replace(/\W/g, '')]![tag[1] === '/' ? 1 : 0]!,
    )
    .replaceAll('&quot;', '"');

test.each([
  // Chinese
  ['**注意：**请看', '[注意：]请看'],
  ['请**「重点」**处理', '请[「重点」]处理'],
  ['请**“重点”**处理', '请[“重点”]处理'],
  ['请**《计划》**通过', '请[《计划》]通过'],
  ['~~删除。~~完', '{删除。}完'],
  ['这是~~「旧」~~新', '这是{「旧」}新'],
  ['*强调。*后', '(强调。)后'],
  ['这是**粗体**文字', '这是[粗体]文字'],
  ['他说**（必须）**今天', '他说[（必须）]今天'],
  // Japanese and Korean
  ['**重要。**です', '[重要。]です'],
  ['これは**「重要」**です', 'これは[「重要」]です'],
  ['**カタカナー。**を', '[カタカナー。]を'],
  ['**중요(필수)**는', '[중요(필수)]는'],
  ['**"강조"**를', '["강조"]를'],
  ['~~취소.~~라고', '{취소.}라고'],
  // Latin beside it
  ['**“重点”**OK', '[“重点”]OK'],
  ['OK**“重点”**', 'OK[“重点”]'],
  ['**注意:**OK', '[注意:]OK'],
  ['使用Vue**重点**处理', '使用Vue[重点]处理'],
  ['**Note：**see', '[Note：]see'],
  // Nested, with emoji, with other Markdown
  ['**这是*强调*。**后', '[这是(强调)。]后'],
  ['***全部。***后', '([全部。])后'],
  ['**~~作废。~~**后', '[{作废。}]后'],
  ['**重要❗️**请', '[重要❗️]请'],
  ['**完成🎉**下一步', '[完成🎉]下一步'],
  ['**完成🎉**next', '[完成🎉]next'],
  ['**`代码`。**后', '[<code>代码</code>。]后'],
  // Rare signs of two units, and one with a variation selector
  ['**𠮷：**请', '[𠮷：]请'],
  ['请**𠮷**请', '请[𠮷]请'],
  // Underscores: two as stars, one only where no name could be cut
  ['__注意：__请看', '[注意：]请看'],
  ['请__「重点」__处理', '请[「重点」]处理'],
  ['_强调。_后', '(强调。)后'],
  ['季度_报告_最终', '季度_报告_最终'],
  ['文件_（草稿）_最终', '文件_（草稿）_最终'],
])('%s is read as %s', (body, wanted) => {
  expect(drawn(body)).toBe(wanted);
});

test.each([
  ['- **注意：**请看', '<li>[注意：]请看</li>'],
  ['1. ~~删除。~~完', '<li>{删除。}完</li>'],
  ['> **注意：**请看', '<p>[注意：]请看</p>'],
  ['# **注意：**请看', '<h1>[注意：]请看</h1>'],
  ['| a |\n|---|\n| **注意：**看 |', '<td>[注意：]看</td>'],
  ['第一行\n**注意：**请看', '<br>\n[注意：]请看'],
])('in a block as well: %j', (body, wanted) => {
  expect(drawn(body)).toContain(wanted);
});

test.each([
  // English that must be read as CommonMark has it, except inside of words
  '*foo bar*',
  'a * foo bar*',
  'a*"foo"*',
  '_foo bar_',
  'a_"foo"_',
  'foo_bar_',
  '5_6_78',
  'aa_"bb"_cc',
  'foo-_(bar)_',
  '_foo*',
  '*foo bar *',
  '*(*foo)',
  '*(*foo*)*',
  '*foo*bar',
  '_(_foo_)_',
  '_foo_bar',
  '_foo_bar_baz_',
  '_(bar)_.',
  '**foo bar**',
  'a**"foo"**',
  '__foo bar__',
  'foo__bar__',
  '__foo, __bar__, baz__',
  '**(**foo)',
  '*(**foo**)*',
  '**foo "*bar*" foo**',
  '**foo**bar',
  '__foo__bar',
  '__(bar)__.',
  '_foo __bar__ baz_',
  '*foo *bar**',
  '*foo **bar** baz*',
  '***foo** bar*',
  '*foo **bar***',
  '** is not an empty emphasis',
  '**foo *bar* baz**',
  '***foo* bar**',
  '**foo *bar***',
  '**foo*',
  '*foo**',
  '***foo**',
  '**foo***',
  '____foo__ bar__',
  '*foo _bar* baz_',
  '*a `*`*',
  '(*foo*)',
  '*foo*, **bar**; _baz_!',
  '**Note:** see',
  '**done.** Next',
  '~~old~~ new',
  '"**quoted**"',
  'foo-*bar*',
  '—*bar*—',
  '**a**-**b**',
  '*foo*/*bar*',
  '*"so"*',
  'C**++**',
  '**done 🎉**yes',
  '**B**old',
  '**two words**s',
])('English stays CommonMark: %s', (body) => {
  const stock = (text: string) => new MarkdownIt({ breaks: true }).render(text).trim();
  expect([body, `x ${body}`].map((text) => `<p>${rendered(text)}</p>`)).toEqual([body, `x ${body}`].map(stock));
});

// The one thing that is not CommonMark in English: stars inside of words and formulas are stars.
test.each([
  ['foo*bar*', 'foo*bar*'],
  ['5*6*78', '5*6*78'],
  ['foo**bar**', 'foo**bar**'],
  ['foo***bar***baz', 'foo***bar***baz'],
  ['*foo**bar**baz*', '(foo**bar**baz)'],
  ['**foo*bar*baz**', '[foo*bar*baz]'],
])('inside of a word %s is read as %s', (body, wanted) => {
  expect(drawn(body)).toBe(wanted);
});
