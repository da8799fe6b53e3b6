const most = 50;
const longestName = 60;
const wordy = /[\p{L}\p{N}_]/u;
const ideographic = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/**
 * Finds whom a text names as `@Name`: the longest known name that begins there, whatever its case, plain or in the manner `@**Name**`.
 * A name ends where its word ends, except between ideographs, which are written without spaces.
 */
export class MentionFinder {
  readonly #ids = new Map<string, string>();

  constructor(people: Iterable<{ name: string; id: string }>) {
    // Of two spellings that differ by case alone the first stands.
    for (const { name, id } of people) if (!this.#ids.has(name.toLowerCase())) this.#ids.set(name.toLowerCase(), id);
  }

  /** The ids of those named in the text or in the list, each once, at most 50. */
  find(text: string, named: readonly string[]): string[] {
    if (named.length === 0 && !text.includes('@')) return [];
    const found = new Set<string>();
    for (const name of named) this.#add(found, this.#ids.get(name.replace(/^@/, '').toLowerCase()));
    for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
      // The @ of an address stands inside a word.
      if (at === 0 || !wordy.test(text[at - 1]!) || ideographic.test(text[at - 1]!))
        this.#add(found, this.#nameAt(text, at + 1));
    }
    return [...found];
  }

  #add(found: Set<string>, id: string | undefined): void {
    if (id !== undefined && found.size < most) found.add(id);
  }

  #nameAt(text: string, at: number): string | undefined {
    const from = text.startsWith('**', at) ? at + 2 : text.startsWith('_**', at) ? at + 3 : at;
    const rest = text.slice(from, from + longestName).toLowerCase();
    const lineEnd = rest.indexOf('\n');
    for (let length = lineEnd === -1 ? rest.length : lineEnd; length > 0; length--) {
      if (!endsWord(rest, length)) continue;
      const id = this.#ids.get(rest.slice(0, length));
      if (id !== undefined) return id;
    }
    return undefined;
  }
}

function endsWord(text: string, length: number): boolean {
  const last = text[length - 1]!;
  const next = text[length];
  return (
    next === undefined || !wordy.test(next) || !wordy.test(last) || ideographic.test(last) || ideographic.test(next)
  );
}
