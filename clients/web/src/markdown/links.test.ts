import { expect, test } from 'vitest';
import { linksOf, rendered } from '../../testing/rendered.ts';

/** Body, and the addresses that become links, as typed. */
test.each<[string, ...string[]]>([
  // Chinese, Japanese, Korean and Thai glued on
  ['打开https://example.com查看', 'https://example.com'],
  ['打开https://example.com/a查看', 'https://example.com/a'],
  ['打开https://example.com查看。然后看', 'https://example.com'],
  ['打开https://example.com查看。Thanks', 'https://example.com'],
  ['打开https://example.com:8443查看', 'https://example.com:8443'],
  ['打开https://example.com?id=5然后', 'https://example.com?id=5'],
  ['打开https://example.com/a#b查看', 'https://example.com/a#b'],
  ['http://localhost:3000查看', 'http://localhost:3000'],
  ['https://example.comを見て', 'https://example.com'],
  ['https://example.com/aを見て', 'https://example.com/a'],
  ['https://example.com에서 확인', 'https://example.com'],
  ['https://example.com/a를 보세요', 'https://example.com/a'],
  ['https://example.comดู', 'https://example.com'],
  // Full-width punctuation and brackets
  ['看（https://example.com/a）。', 'https://example.com/a'],
  ['「https://example.com/a」です', 'https://example.com/a'],
  ['https://example.com/a，然后https://b.com/。', 'https://example.com/a', 'https://b.com/'],
  ['https://example.com。Thanks', 'https://example.com'],
  ['(https://en.wikipedia.org/wiki/Foo_(bar))', 'https://en.wikipedia.org/wiki/Foo_(bar)'],
  ['[https://a.com/x] {https://a.com/y}', 'https://a.com/x', 'https://a.com/y'],
  ['https://zh.wikipedia.org/wiki/Python_(程序语言)看', 'https://zh.wikipedia.org/wiki/Python_(程序语言)'],
  ['https://a.com/x... https://a.com/y! "https://a.com/z"', 'https://a.com/x', 'https://a.com/y', 'https://a.com/z'],
  // International on purpose
  ['https://例子.测试/路径 x', 'https://例子.测试/路径'],
  ['https://www.例子.测试/路径?q=中文', 'https://www.例子.测试/路径?q=中文'],
  ['https://ja.wikipedia.org/wiki/日本 です', 'https://ja.wikipedia.org/wiki/日本'],
  ['https://ko.wikipedia.org/wiki/한국 입니다', 'https://ko.wikipedia.org/wiki/한국'],
  ['https://google.com/search?q=中文，看', 'https://google.com/search?q=中文'],
  ['https://zh.wikipedia.org/wiki/中国#历史', 'https://zh.wikipedia.org/wiki/中国#历史'],
  ['https://例え.jp/あ https://한국.kr/경로', 'https://例え.jp/あ', 'https://한국.kr/경로'],
  ['https://bücher.example/x https://пример.рф/путь', 'https://bücher.example/x', 'https://пример.рф/путь'],
  ['https://ru.wikipedia.org/wiki/Москва', 'https://ru.wikipedia.org/wiki/Москва'],
  ['<https://a.com/查看> <https://例子.测试/a>', 'https://a.com/查看', 'https://例子.测试/a'],
  // Half of what could be another host is no link
  ['https://a股.com/x'],
  ['https://example.com请看.com'],
  ['https://google。com'],
  ['https://examplе.com/x'],
  ['https://exam\u00adple.com'],
  ['http://2130706433/'],
  ['http://a..b'],
  ['https://a.com:99999/x'],
  ['étéexample.com'],
  // Without a scheme
  ['see www.example.com today，www.例子.测试', 'www.example.com', 'www.例子.测试'],
  ['example.com/path and example.com. 打开example.com查看', 'example.com/path', 'example.com', 'example.com'],
  ['GitHub.com/org/repo crates.io/crates/serde', 'GitHub.com/org/repo', 'crates.io/crates/serde'],
  ['main.rs README.md node.js 1.5.zip a.b.c ASP.NET e.g. i.e. x.com() java.net socket.io logo.ai file.txt'],
  ['com.example.net System.Net /srv/example.com user=example.com a@b 1.2.3 v2.0 readme.so configure.in www.a'],
  // E-mail
  ['邮箱a@b.com，谢谢', 'a@b.com'],
  ['first.last+tag@sub.example.co.jp. mailto:x@y.org', 'first.last+tag@sub.example.co.jp', 'mailto:x@y.org'],
  ['icon@2x.png git@github.com:org/repo user@host npm@1.2.3 getty@tty1.service a@b@c.com'],
  // In Markdown
  [
    '**https://a.com/x**后 _https://a.com/y_ ~~https://a.com/z~~',
    'https://a.com/x',
    'https://a.com/y',
    'https://a.com/z',
  ],
  ['https://a.com/snake_case_name/*x https://a.com/_b_', 'https://a.com/snake_case_name/*x', 'https://a.com/_b_'],
  ['`https://a.com`\n\n    https://b.com'],
  // Not safe, or not where it says
  ['javascript:alert(1) data:text/html,x ftp://a.com file:///etc //a.com'],
  ['https://paypal.com@evil.example/x https://user:pass@evil.example https://例子@evil.com'],
  ['[p](https://paypal.com@evil.example) <https://paypal.com@evil.example>'],
  ['[x](javascript:alert%281%29) [x](data:text/html,hi) [x](https:evil.com) [x](//evil.com)'],
])('%j links %j', (body, ...texts) => {
  expect(linksOf(body).map(([text]) => text)).toEqual(texts);
});

test.each([
  ['https://example.com查看', 'https://example.com'],
  ['https://例子.测试/路径', 'https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84'],
  ['www.example.com', 'http://www.example.com'],
  ['example.com/a', 'http://example.com/a'],
  ['a+b@c.com', 'mailto:a%2Bb@c.com'],
  ['https://a.com/?a=1&b=2', 'https://a.com/?a=1&b=2'],
])('%s leads to %s', (body, href) => {
  expect(linksOf(body).map(([, to]) => to)).toEqual([href]);
});

test.each([
  ['[bank](https://evil.example)', 'bank'],
  ['[https://bank.example/login](https://evil.example/x)', 'https://bank.example/login → evil.example'],
  ['[bank.com](https://evil.example)', 'bank.com → evil.example'],
  ['[go to bank.co.uk now](https://evil.example)', 'go to bank.co.uk now → evil.example'],
  ['[**bank.com**](https://evil.example)', '<strong>bank.com</strong> → evil.example'],
  ['[bank\u200b.com](https://evil.example)', 'bank\u200b.com → evil.example'],
  ['[https://bank.com@x](https://bank.com)', 'https://bank.com@x → bank.com'],
  ['[https://例子.测试](https://evil.example)', 'https://例子.测试 → evil.example'],
  ['[ceo@corp.com](mailto:evil@x.com)', 'ceo@corp.com → evil@x.com'],
  ['[a@b.com](mailto:a@b.com)', 'a@b.com'],
  ['[www.a.com](https://a.com/x)', 'www.a.com'],
  ['[README.md](https://github.com/x)', 'README.md'],
  ['[中文。说明](https://example.com)', '中文。说明'],
  ['<https://аpple.com/x>', 'https://аpple.com/x → xn--pple-43d.com'],
  ['https://аррӏе.com', 'https://аррӏе.com → xn--80ak6aa92e.com'],
  ['https://xn--pple-43d.com', 'https://xn--pple-43d.com'],
  ['<https://xn--pple-43d.com/x>', 'https://xn--pple-43d.com/x'],
  ['https://例子.测试', 'https://例子.测试'],
  ['https://bücher.example', 'https://bücher.example'],
])('%s is shown as %j', (body, shown) => {
  expect(linksOf(body).map(([text]) => text)).toEqual([shown]);
});

test('a link with words of its own says in its title where it leads', () => {
  expect(rendered('[bank](https://evil.example "https://bank.example")')).toBe(
    '<a href="https://evil.example" title="https://evil.example">bank</a>',
  );
});

test('a mention keeps its meaning beside addresses and CJK emphasis', () => {
  const ada = '01a20ad9-959b-7406-843a-13674dc7bc59';
  expect(rendered(`**<@${ada}>：**看https://a.com/<@${ada}>和a@b.com<@${ada}>`)).toBe(
    '<strong>@01a20ad9：</strong>看<a href="https://a.com/">https://a.com/</a>@01a20ad9和<a href="mailto:a@b.com">a@b.com</a>@01a20ad9',
  );
});
