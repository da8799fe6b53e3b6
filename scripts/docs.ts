/**
 * npm run docs [-- --check]
 *
 * Writes what the code says of itself into docs/reference: settings, socket calls, the administrative schema, permissions, and the whole
 * database at a glance stays with scripts/schema.ts. With --check nothing is written, and stale papers are named.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { calls } from '@parley/protocol/catalogue.ts';
import { faults } from '@parley/protocol/errors.ts';
import { limits } from '@parley/protocol/limits.ts';
import { permissions } from '@parley/protocol/permissions.ts';
import * as z from 'zod/mini';
import { roles } from '../server/access/roles.ts';
import { adminSchema } from '../server/admin-schema.ts';
import { routes, socketCalls } from '../server/app.ts';
import { settings } from '../server/config.ts';
import { printedSchema } from '../server/doors/graphql.ts';
import { permissionsReference } from '../server/permissions.ts';
import { allMetrics } from '../server/dashboards/numbers.ts';
import { always, onRequest, type Rule } from '../server/search/folding.ts';

const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const written = 'Written from the code by `npm run docs`; do not edit.';

/** Every generated paper by file name. */
const papers: Record<string, () => string> = {
  'settings.md': settingsPaper,
  'socket.md': socketPaper,
  'rest.md': restPaper,
  'errors.md': errorsPaper,
  'roles.md': rolesPaper,
  'permissions.md': permissionsReference,
  'metrics.md': metricsPaper,
  'search.md': searchPaper,
  'admin-api.graphql': () => printedSchema(adminSchema()),
};

function settingsPaper(): string {
  const rows = Object.values(settings).map(
    ({ env, fallback, sentence }) => `| \`${env}\` | ${fallback === '' ? '–' : `\`${fallback}\``} | ${sentence} |`,
  );
  return `# Settings\n\n${written}\n\nAll faulty settings are listed at once and stop the start; unknown \`PARLEY_\` names are warned of.\n\n| Setting | Default | What it does |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function socketPaper(): string {
  const declared = new Map(socketCalls.map((call) => [call.name as string, call.permission]));
  const sections = Object.entries(calls).map(
    ([name, input]) =>
      `## \`${name}\`\n\nPermission: \`${declared.get(name)}\`\n\n\`\`\`json\n${JSON.stringify(jsonSchemaOf(input), null, 2)}\n\`\`\``,
  );
  return `# Socket calls\n\n${written}\n\nA call is \`emit(name, input, ack)\`; the acknowledgement is \`{ ok }\` or \`{ error }\` (see errors.md). The answers' types stand in clients/protocol.\n\n${sections.join('\n\n')}\n`;
}

function jsonSchemaOf(input: z.core.$ZodType): unknown {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return schema;
}

function restPaper(): string {
  const rows = routes.map(
    ({ method, path: address, permission }) => `| \`${method} ${address}\` | \`${permission}\` |`,
  );
  return `# REST\n\n${written}\n\nBodies are JSON of at most ${limits.restBody} bytes. Errors are \`{ "error": … }\` with the status of their code (see errors.md).\n\n| Address | Permission |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function errorsPaper(): string {
  const rows = Object.entries(faults).map(([code, fault]) => `| \`${code}\` | ${fault} |`);
  return `# Errors\n\n${written}\n\nEvery refusal has a code for machines, a sentence for people, and whose fault it is: \`yours\` (change the request), \`nobodys\` (try again), \`ours\` (report it with its request id).\n\n| Code | Fault |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function rolesPaper(): string {
  const names = Object.keys(roles) as (keyof typeof roles)[];
  const rows = (Object.keys(permissions) as (keyof typeof permissions)[]).map(
    (name) =>
      `| \`${name}\` | ${permissions[name]} | ${names.map((role) => ((roles[role] as readonly string[]).includes(name) ? '●' : '')).join(' | ')} |`,
  );
  return `# Roles and permissions\n\n${written}\n\n| Permission | Allows to | ${names.join(' | ')} |\n| --- | --- | ${names.map(() => ':-:').join(' | ')} |\n${rows.join('\n')}\n`;
}

function searchPaper(): string {
  const unseen = /(?!\p{Cs})\p{C}|[\u2028\u3000]|\ufe0f/gu;
  const shown = (text: string) => text.replaceAll(unseen, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
  const table = (rules: readonly Rule[]) =>
    `| What | How | Written | Found by |\n| --- | --- | --- | --- |\n${rules
      .flatMap(({ name, says, examples }) =>
        examples.map(([body, query], at) => {
          const [what, how] = at === 0 ? [name, says] : ['', ''];
          return `| ${what} | ${how} | \`${shown(body)}\` | \`${shown(query)}\` |`;
        }),
      )
      .join('\n')}`;
  return `# What a search finds\n\n${written}

Words and signs of a question must all occur, each anywhere in the message; what stands in “quotes” must occur as
written. Where what is looked for begins or ends with a letter or digit, no other one may be glued to it there: \`cat\` is
not in “concatenate”, while \`.net\` is in “ASP.NET” and \`c++\` in “c++11”. Scripts written without blanks (Chinese,
Japanese, Korean, Thai, Lao, Khmer, Burmese and some smaller ones) have no such ends: a text is found anywhere in them.

While a question is being typed (\`prefix\`), its last word also finds words that begin so, if it has two letters or more
and no more than 4,000 words begin so. Dictionaries, word forms and similar words play no part.

## Always alike

The same table makes the tokens of the index, checks what they propose against the stored text, and marks what was found.

${table(always)}

## Alike with \`variants\`

The search page asks for these unless “Other spellings” is switched off there; a program asks for them with \`variants\`.

${table(onRequest)}
`;
}

function metricsPaper(): string {
  const sections = allMetrics().map(
    ({ id, version, name, meaning, unit, total, rolledUp, raw }) =>
      `## ${name.en} (\`${id}\`, version ${version})\n\n${meaning.en}\n\n${meaning.zh}\n\nUnit: ${unit}. Total of a range: ${total}. It is \`${raw}\` of the events, read as \`${rolledUp}\` from the roll-up by hours of UTC; hours in which a day begins where the reader is are read from the events.`,
  );
  return `# Metrics\n\n${written}\n\n${sections.join('\n\n')}\n`;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
mkdirSync(folder, { recursive: true });
for (const [name, write] of Object.entries(papers)) {
  const file = path.join(folder, name);
  const text = write();
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (check) stale.push(name);
  else writeFileSync(file, text);
}
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run: npm run docs`);
  process.exitCode = 1;
}
