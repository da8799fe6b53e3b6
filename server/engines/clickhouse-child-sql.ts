/**
 * What the child must know of a statement before it runs it: its first word, the names in {name:Type}, and whether a
 * second statement follows. Quotes and comments are stepped over; nothing else is understood, the engine does that.
 */
export type Glance = { firstWord: string; placeholders: Set<string>; hasSecond: boolean };

const SKIPPED = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\//g;

/** Looks at a statement. For `insert … format X` with data behind it, pass the statement without the data. */
export function glance(sql: string): Glance {
  const bare = sql.replace(SKIPPED, (skipped) => (/^['"`]/.test(skipped) ? "''" : ' '));
  const firstWord = /[a-z]+/i.exec(bare)?.[0].toLowerCase() ?? '';
  const placeholders = new Set([...bare.matchAll(/\{\s*(\w+)\s*:\s*\w[^{}]*\}/g)].map((match) => match[1]!));
  // Data of an insert may follow in the statement itself and is nobody's second statement.
  const hasSecond = firstWord !== 'insert' && /;[\s;]*[^\s;]/.test(bare);
  return { firstWord, placeholders, hasSecond };
}

/** A string as a literal of ClickHouse's SQL. */
export const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A name as a quoted identifier of ClickHouse's SQL. */
export const identifier = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
