import { limits } from '@parley/protocol/limits.ts';
import { verbatimSpans } from './code-spans.ts';

const most = 50;
const wordy = /[\p{L}\p{N}_]/u;
const ideographic = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** `@**Name**`, `@_**Name**` and `@**Name|123**`, as Zulip writes. */
const starred = /@_?\*\*([^*|\n]{1,200})(?:\|\d{1,20})?\*\*/y;
/** `<@U024BE7LH>` and `<@U024BE7LH|ada>`, as Slack writes. */
const bracketed = /<@([^<>|\s]{1,200})(?:\|([^<>|\n]{1,200}))?>/y;
const ours = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A text whose mentions are written as ours are, and whom it names. */
export type Named = { body: string; mentions: string[] };

type Found = { id: string; from: number; to: number };

/**
 * Finds whom a text names as `@Name`, and in the manners of Zulip and Slack, and writes `<@id>` there. A plain name is
 * the longest known one that begins behind the @, whatever its case; it ends where its word ends, except between
 * ideographs, which are written without spaces. A name that no one has, and code, stay as they are.
 */
export class MentionFinder {
  readonly #exact = new Map<string, string>();
  readonly #folded = new Map<string, string>();
  readonly #lengths = new Set<number>();
  #longest = 0;

  constructor(people: Iterable<{ name: string; id: string }>) {
    for (const { name, id } of people) {
      this.#exact.set(name, id);
      // Of two spellings that differ by case alone, the first answers to all others.
      if (!this.#folded.has(folded(name))) this.#folded.set(folded(name), id);
      this.#lengths.add(name.length);
      this.#longest = Math.max(this.#longest, name.length);
    }
  }

  /** The text with its mentions, and the ids of those named in it or in the list: each once, at most 50. */
  name(text: string, named: readonly string[]): Named {
    const ids = new Set<string>();
    const body = text.includes('@') ? this.#write(text, ids) : text;
    for (const name of named) {
      const id = this.#idOf(name.replace(/^@/, ''));
      if (id !== undefined && ids.size < most) ids.add(id);
    }
    return { body, mentions: [...ids] };
  }

  #write(text: string, ids: Set<string>): string {
    const verbatim = verbatimSpans(text);
    const parts: string[] = [];
    let written = 0;
    let length = text.length;
    let span = 0;
    for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', Math.max(at + 1, written))) {
      while (span < verbatim.length && verbatim[span]!.to <= at) span++;
      if (verbatim[span] && verbatim[span]!.from <= at) continue;
      const found = this.#mentionAt(text, at);
      if (!found || (ids.size >= most && !ids.has(found.id))) continue;
      ids.add(found.id);
      const mention = `<@${found.id}>`;
      const more = mention.length - (found.to - found.from);
      // Where a message would become longer than any may be, the name stays as it was written.
      if (length + more > limits.body) continue;
      length += more;
      parts.push(text.slice(written, found.from), mention);
      written = found.to;
    }
    return parts.length === 0 ? text : parts.join('') + text.slice(written);
  }

  #mentionAt(text: string, at: number): Found | null {
    if (text[at - 1] === '<') {
      bracketed.lastIndex = at - 1;
      const found = bracketed.exec(text);
      if (found) {
        if (ours.test(found[1]!)) return null;
        const id =
          this.#idOf(found[1]!) ?? (found[2] === undefined ? undefined : this.#idOf(found[2].replace(/^@/, '')));
        return id === undefined ? null : { id, from: at - 1, to: bracketed.lastIndex };
      }
    }
    starred.lastIndex = at;
    const found = starred.exec(text);
    if (found) {
      const id = this.#idOf(found[1]!);
      return id === undefined ? null : { id, from: at, to: starred.lastIndex };
    }
    // The @ of an e-mail address stands inside a word.
    if (at > 0 && wordy.test(text[at - 1]!) && !ideographic.test(text[at - 1]!)) return null;
    return this.#plainAt(text, at);
  }

  #plainAt(text: string, at: number): Found | null {
    const line = text.slice(at + 1, at + 1 + this.#longest * 2).split('\n', 1)[0]!;
    if (/^\s/.test(line)) return null;
    const isComposed = line.normalize('NFC') === line;
    for (let length = Math.min(line.length, isComposed ? this.#longest : line.length); length > 0; length--) {
      if (isComposed && !this.#lengths.has(length)) continue;
      if (!endsName(line, length)) continue;
      const id = this.#idOf(line.slice(0, length));
      if (id !== undefined) return { id, from: at, to: at + 1 + length };
    }
    return null;
  }

  #idOf(written: string): string | undefined {
    const name = written.normalize('NFC').trim();
    return this.#exact.get(name) ?? this.#folded.get(folded(name));
  }
}

/** Without difference of case, and as long as it was. */
const folded = (name: string) => name.replaceAll('İ', 'i').toLowerCase().replaceAll('ς', 'σ');

/** Whether a name may end here: `@ann` is not named in `@anne`, `@ann-marie` or `@ann.example.com`. */
function endsName(text: string, length: number): boolean {
  const last = text[length - 1]!;
  if (last === ' ') return false;
  const next = text[length];
  if (next === undefined || ideographic.test(last) || ideographic.test(next)) return true;
  if (/[-._]/.test(next)) return !wordy.test(text[length + 1] ?? '') || ideographic.test(text[length + 1]!);
  return !wordy.test(next) || !wordy.test(last);
}

/**
 * Whether a stored text is what was written, but for names that became mentions: which of them are known depends on who
 * else speaks in the file, so a longer export of the same past may name more people.
 */
export function isSameText(stored: string, written: string): boolean {
  if (stored === written) return true;
  const [first, ...parts] = stored.split(/<@[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}>/) as [string, ...string[]];
  if (parts.length === 0 || !written.startsWith(first)) return false;
  let places = new Set([first.length]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const place of places) {
      if (written[place] !== '@' && !written.startsWith('<@', place)) continue;
      for (let end = place + 2; end <= Math.min(written.length, place + longestMention); end++)
        if (written.startsWith(part, end)) next.add(end + part.length);
    }
    places = next;
  }
  return places.has(written.length);
}

const longestMention = 2 * limits.name + 30;
