import path from 'node:path';

/*
 * The house's one rule: imports point down, or left along an arrow; never up. The lists below are the rule, the function under them is
 * its judge. It sees only paths and what they import, so that a planted wrong import is judged exactly as the real tree is.
 */

/** One source file as the judge sees it: its path from the root, what it imports as written, and the words its code uses. */
export type SourceFile = { path: string; imports: string[]; words?: string[] };

/** One broken rule: the arrow that offends, and the sentence that forbids it. */
export type Offence = { file: string; imports: string; rule: string };

/** Which package may import which; `externals`, where given, are all the libraries it may know. */
export const packages: Record<
  string,
  { imports: string[]; externals?: string[]; onlyFiles?: Record<string, string[]> }
> = {
  'clients/protocol': { imports: [], externals: ['zod'] },
  'clients/look': { imports: [], externals: ['lucide-vue-next', 'vue', 'vue-i18n'] },
  'clients/sdk': { imports: ['clients/protocol'] },
  'clients/web': { imports: ['clients/protocol', 'clients/sdk', 'clients/look'] },
  analytics: { imports: ['clients/protocol'] },
  server: { imports: ['clients/protocol', 'analytics'] },
  'admin-ui': {
    imports: ['clients/protocol', 'clients/sdk', 'clients/look'],
    onlyFiles: {
      // The console's other types are generated from the committed GraphQL schema.
      'clients/protocol': ['clients/protocol/permissions.ts'],
      // Console and chat of one browser share a session, and so its key and its turns.
      'clients/sdk': ['clients/sdk/device-key.ts', 'clients/sdk/one-at-a-time.ts'],
    },
  },
  scripts: {
    imports: ['clients/protocol', 'clients/sdk', 'clients/look', 'clients/web', 'analytics', 'server', 'admin-ui'],
  },
};

/** The server from the top down. On one floor a module may import those left of it on the same line, and no other. */
export const floors: { name: string; lines: string[][] }[] = [
  { name: 'wiring', lines: [['admin-schema', 'welcome', 'start-failures', 'app', 'main', 'permissions']] },
  {
    name: 'watchers',
    lines: [
      ['search'],
      ['notifications'],
      ['audit'],
      ['compliance'],
      ['moderation'],
      ['integrations'],
      // The demo company's history goes in by the same road as anybody's.
      ['imports', 'demo'],
      // The console's first page shows how fresh the numbers are.
      ['dashboards', 'console'],
    ],
  },
  {
    name: 'talk',
    lines: [
      ['conversations', 'files', 'messages', 'presence'],
      ['conversations', 'files', 'messages', 'calls'],
      ['conversations', 'files', 'messages', 'pins'],
    ],
  },
  { name: 'who', lines: [['settings', 'users', 'departments', 'access', 'identity', 'tasks']] },
  // Configuration is data that every floor may be handed; the doors stand on the kernel. The engines' keeper would serve any product as it is.
  {
    name: 'tools',
    lines: [['engines'], ['config', 'kernel', 'doors']],
  },
];

/** A module's own order: rows, then verbs, then doors. A file without a role holds verbs. */
const roles: Record<string, number> = { model: 0, policy: 0, socket: 2, http: 2, admin: 2 };
const tools = new Set(floors.at(-1)!.lines.flat());

/**
 * Nouns of talk. Kernel and doors would serve any product, so none of these may be part of a name in their code. Words that engines use
 * too (an error's message, a database's channel, a worker's thread) are banned from their files' names only.
 */
export const chatNouns = ['conversation', 'reaction', 'mention', 'topic', 'pin', 'member', 'emoji', 'draft'];
export const sharedNouns = ['message', 'channel', 'thread', 'chat', 'presence'];

/** Judges a tree: every offence, in the order of the files. An empty answer means the rule holds. */
export function judge(files: SourceFile[]): Offence[] {
  return files.flatMap((file) => [
    ...file.imports.flatMap((written) => judgeArrow(file.path, written)),
    ...judgeWords(file),
  ]);
}

function judgeArrow(from: string, written: string): Offence[] {
  const rule = brokenRule(from, written);
  return rule ? [{ file: from, imports: written, rule }] : [];
}

function brokenRule(from: string, written: string): string | null {
  const target = pathOf(from, written);
  const home = packageOf(from);
  if (!home || isProof(from)) return null;
  if (target === null) return externalRule(home, written);
  if (isProof(target))
    return /^scripts\/(?:bench\/|check\.ts)/.test(from)
      ? null
      : 'only tests, benchmarks and the check may import tests and their helpers';
  const goal = packageOf(target);
  if (!goal) return `${target} belongs to no package`;
  if (goal !== home) return packageRule(home, goal, target);
  return home === 'server' ? floorRule(from, target) : null;
}

function packageRule(home: string, goal: string, target: string): string | null {
  const { imports, onlyFiles } = packages[home]!;
  if (!imports.includes(goal))
    return `package ${home} may import ${imports.join(', ') || 'no other package'}, not ${goal}`;
  const allowed = onlyFiles?.[goal];
  return allowed && !allowed.includes(target)
    ? `package ${home} may import only ${allowed.join(', ')} of ${goal}`
    : null;
}

function externalRule(home: string, written: string): string | null {
  const { externals } = packages[home]!;
  if (!externals || written.startsWith('node:')) return null;
  return externals.includes(libraryOf(written))
    ? null
    : `package ${home} may know only ${externals.join(', ') || 'no library'}`;
}

function floorRule(from: string, target: string): string | null {
  const [here, there] = [moduleOf(from), moduleOf(target)];
  if (here === there) return orderRule(from, target);
  const [high, low] = [floorOf(here), floorOf(there)];
  if (high === -1) return `server/${here} stands on no floor: give it a place in server/floors.ts`;
  if (low === -1) return `server/${there} stands on no floor: give it a place in server/floors.ts`;
  if (low < high)
    return `${floors[high]!.name} (${here}) may not import ${floors[low]!.name} (${there}): imports point down`;
  if (low === high && !isLeftOf(there, here, floors[low]!.lines))
    return `${here} and ${there} stand on one floor, and no arrow leads from ${here} to ${there}`;
  if (high === 0 || tools.has(there)) return null;
  return roleOf(target) === null
    ? null
    : `other modules import only a verb file of ${there}, not ${path.posix.basename(target)}`;
}

/** Within one module: model ← verbs ← socket | http | admin. */
function orderRule(from: string, target: string): string | null {
  if (tools.has(moduleOf(from))) return null;
  const [above, below] = [rankOf(from), rankOf(target)];
  if (below === 2 && above === 2) return 'one door of a module does not import another';
  // Rows may lean on a sibling's plain words (a list of roles, say); what they must not know is the verbs' front file.
  const leaning = above === 0 && below === 1 && path.posix.basename(target) !== `${moduleOf(target)}.ts`;
  return below > above && !leaning ? 'within a module: model ← verbs ← socket | http | admin' : null;
}

function judgeWords({ path: file, words = [] }: SourceFile): Offence[] {
  if (!/^server\/(?:engines|kernel|doors)\//.test(file) || isProof(file)) return [];
  const name = path.posix.basename(file, '.ts');
  const banned = words.filter((word) => has(word, chatNouns));
  if (has(name, [...chatNouns, ...sharedNouns])) banned.push(name);
  return banned.map((word) => ({ file, imports: word, rule: 'engines, kernel and doors know no noun of talk' }));
}

const has = (word: string, nouns: string[]) =>
  partsOf(word).some((part) => nouns.includes(part.toLowerCase().replace(/s$/, '')));

/** `requireMemberOf` → require, Member, Of. */
const partsOf = (word: string) => word.split(/[^\p{L}]+|(?<=\p{Ll})(?=\p{Lu})/u);

/** The imported file's path from the root, or null for a library. */
function pathOf(from: string, written: string): string | null {
  if (written.startsWith('.')) return path.posix.join(path.posix.dirname(from), written);
  const [, name, rest] = /^@parley\/([^/]+)\/?(.*)$/.exec(written) ?? [];
  if (!name) return null;
  const home = Object.keys(packages).find((folder) => folder === name || folder === `clients/${name}`);
  return `${home ?? name}/${rest}`;
}

const packageOf = (file: string) => Object.keys(packages).find((folder) => file.startsWith(`${folder}/`));
const libraryOf = (written: string) =>
  written
    .split('/')
    .slice(0, written.startsWith('@') ? 2 : 1)
    .join('/');
const moduleOf = (file: string) => file.split('/')[1]!.replace(/\.ts$/, '');
const roleOf = (file: string) => /\.(\w+)\.ts$/.exec(file)?.[1] ?? null;
const rankOf = (file: string) => {
  const role = roleOf(file);
  return role === null ? 1 : (roles[role] ?? 1);
};
const floorOf = (module: string) => floors.findIndex((floor) => floor.lines.flat().includes(module));
const isLeftOf = (left: string, right: string, lines: string[][]) =>
  lines.some((line) => line.includes(left) && line.indexOf(left) < line.indexOf(right));
/** Tests come in by any door: they, what helps them and this rule itself stand outside the house. */
const isProof = (file: string) => /\.(?:test|trials)\.ts$|\/testing(?:\.ts$|\/)|^server\/floors/.test(file);
