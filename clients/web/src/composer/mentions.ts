/*
 * While writing, a mention reads `@Name`; on the wire it is `<@id>`. `named` remembers who each written name is.
 */

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The body to send: every `@Name` the writer chose becomes its id. Longer names first, so that "@Ada Lin" is not read as "@Ada". */
export function toBody(text: string, named: Readonly<Record<string, string>>): string {
  const names = Object.keys(named).sort((a, b) => b.length - a.length);
  if (names.length === 0) return text;
  return text.replace(
    new RegExp(
      `@(${names.map(escaped).join('|')})(?![\\p{L}\\p{N}]|\\.[\\p{L}\\p{N}])|@(${names.map(escaped).join('|')})(?=\\p{Script=Han})`,
      'gu',
    ),
    (_, name?: string, beforeHan?: string) => `<@${named[(name ?? beforeHan)!]}>`,
  );
}

/** A stored body as the writer sees it, with what is needed to turn it back. Two people of one name are told apart by a number. */
export function toText(body: string, nameOf: (id: string) => string): { text: string; named: Record<string, string> } {
  const named: Record<string, string> = {};
  const text = body.replace(/<@([0-9a-f-]{36})>/g, (_, id: string) => {
    let name = nameOf(id);
    for (let n = 2; named[name] !== undefined && named[name] !== id; n++) name = `${nameOf(id)} (${n})`;
    named[name] = id;
    return `@${name}`;
  });
  return { text, named };
}

/** What is being typed after an `@` at the caret, with where the `@` stands; null when no mention is being typed. */
export function mentionAt(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|[\s(（，。：、])@([^\s@]{0,40})$/u.exec(text.slice(Math.max(0, caret - 60), caret));
  return found ? { from: caret - found[1]!.length - 1, query: found[1]! } : null;
}
