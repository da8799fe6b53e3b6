import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { judge, type SourceFile } from './floors.ts';
import { readSource, readTree } from './floors-tree.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const spoken = (files: SourceFile[]) => judge(files).map(({ file, imports, rule }) => `${file} → ${imports}: ${rule}`);

test('imports point down, or left along an arrow, in the whole tree', async () => {
  const tree = await readTree(root);
  expect(tree.length, 'source files were found').toBeGreaterThan(100);
  expect(spoken(tree)).toEqual([]);
});

test('an upward import planted in the real tree is reported, with its arrow, and nothing else is', async () => {
  const tree = await readTree(root);
  const planted = readSource('server/kernel/planted.ts', `import '../messages/messages.ts';`);
  expect(spoken([...tree, planted])).toEqual([
    'server/kernel/planted.ts → ../messages/messages.ts: tools (kernel) may not import talk (messages): imports point down',
  ]);
});

// Each line: a file, what it imports, and a part of the sentence it is refused with; null is allowed.
const arrows: [from: string, imports: string, rule: string | null][] = [
  ['server/app.ts', './messages/messages.socket.ts', null],
  ['server/messages/messages.ts', '../conversations/conversations.ts', null],
  ['server/messages/messages.ts', '../kernel/work.ts', null],
  ['server/messages/messages.socket.ts', './messages.ts', null],
  ['server/messages/messages.ts', '@parley/protocol/messages.ts', null],
  ['server/audit/audit.ts', '../messages/messages.ts', null],
  ['server/doors/socket.ts', '../kernel/work.ts', null],
  ['server/messages/messages.test.ts', '../app.ts', null],
  ['clients/sdk/client.ts', '@parley/protocol/catalogue.ts', null],
  ['clients/protocol/words.ts', 'zod/mini', null],
  ['admin-ui/src/may.ts', '@parley/protocol/permissions.ts', null],
  ['scripts/seed.ts', '../server/app.ts', null],

  ['server/messages/messages.ts', '../audit/audit.ts', 'imports point down'],
  ['server/users/users.ts', '../messages/messages.ts', 'imports point down'],
  ['server/users/users.ts', '../access/access.ts', 'no arrow leads from users to access'],
  ['server/conversations/members.ts', '../messages/messages.ts', 'no arrow leads'],
  ['server/presence/presence.ts', '../calls/calls.ts', 'no arrow leads'],
  ['server/search/search.ts', '../dashboards/dashboards.ts', 'no arrow leads'],
  ['server/kernel/work.ts', '../doors/http.ts', 'no arrow leads'],
  ['server/kernel/work.ts', '../engines/engines.ts', 'no arrow leads'],
  ['server/engines/keeper.ts', '../kernel/log.ts', 'no arrow leads'],
  ['server/messages/messages.ts', '../app.ts', 'imports point down'],
  ['server/messages/messages.ts', '../conversations/conversations.model.ts', 'only a verb file'],
  ['server/messages/messages.ts', '../conversations/conversations.socket.ts', 'only a verb file'],
  ['server/users/users.model.ts', './users.ts', 'within a module'],
  ['server/users/users.ts', './users.admin.ts', 'within a module'],
  ['server/users/users.http.ts', './users.admin.ts', 'one door of a module'],
  ['server/gossip/gossip.ts', '../kernel/work.ts', 'stands on no floor'],
  ['server/messages/messages.ts', '@parley/sdk/client.ts', 'package server may import'],
  ['server/messages/messages.ts', '../testing/world.ts', 'only tests'],
  ['clients/protocol/words.ts', '@parley/sdk/client.ts', 'may import no other package'],
  ['clients/protocol/words.ts', 'socket.io-client', 'may know only zod'],
  ['clients/sdk/client.ts', '../web/src/main.ts', 'package clients/sdk may import'],
  ['clients/web/src/main.ts', '../../../server/users/users.ts', 'package clients/web may import'],
  ['analytics/ingest.ts', '../server/kernel/work.ts', 'package analytics may import'],
  ['admin-ui/src/may.ts', '@parley/protocol/messages.ts', 'may import only clients/protocol/permissions.ts'],
];

test.each(arrows)('%s → %s', (from, imports, rule) => {
  const expected = [rule]
    .filter((said) => said !== null)
    .map((said) => ({ file: from, imports, rule: expect.stringContaining(said) }));
  expect(judge([{ path: from, imports: [imports] }])).toEqual(expected);
});

test('imports are read from types, side effects, re-exports, import() and a .vue file; comments and strings are not imports', () => {
  const code = [
    "import type { A } from './a.ts';",
    "import './b.ts';",
    "export { c } from './c.ts';",
    "const d = await import('./d.ts');",
    "// import './e.ts'",
    'const f = "import \'./f.ts\'";',
  ].join('\n');
  const wanted = ['./a.ts', './b.ts', './c.ts', './d.ts'];
  expect(readSource('server/x/x.ts', code).imports.sort()).toEqual(wanted);
  expect(
    readSource(
      'clients/web/src/X.vue',
      `<script setup lang="ts">\n${code}\n</script>\n<template><p /></template>`,
    ).imports.sort(),
  ).toEqual(wanted);
});

test('a noun of talk in the kernel is reported; the same word in a comment, or in a module of talk, is not', () => {
  const planted = 'export const pinnedConversations = 1; // every conversation';
  expect(judge([readSource('server/kernel/planted.ts', planted)])).toEqual([
    {
      file: 'server/kernel/planted.ts',
      imports: 'pinnedConversations',
      rule: 'engines, kernel and doors know no noun of talk',
    },
  ]);
  expect(judge([readSource('server/doors/message-box.ts', 'export const box = 1;')])).toHaveLength(1);
  expect(
    judge([readSource('server/kernel/planted.ts', '// a conversation\nexport const pinned = error.message;')]),
  ).toEqual([]);
  expect(judge([readSource('server/messages/planted.ts', planted)])).toEqual([]);
});
