import type { Words } from '../languages.ts';

/** Every sentence by its whole name: `talk.today`. */
export function sentences(words: Words, before = ''): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([name, said]): [string, string][] =>
      typeof said === 'string' ? [[before + name, said]] : [...sentences(said, `${before}${name}.`)],
    ),
  );
}

const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join(' ');

/** What is wrong between two languages: a sentence only one has, other blanks to fill, nothing said, a sign that means something else. */
export function differences(one: Words, other: Words): string[] {
  const [ours, theirs] = [sentences(one), sentences(other)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((name) => {
    const [a, b] = [ours.get(name), theirs.get(name)];
    if (a === undefined || b === undefined) return [`${name}: said in one language only`];
    if (holes(a) !== holes(b)) return [`${name}: ${holes(a)} and ${holes(b)}`];
    if (!a.trim() || !b.trim()) return [`${name}: says nothing`];
    // A lone @ would be read as a reference to another sentence.
    return /@(?!:)/.test((a + b).replaceAll(`{'@'}`, '')) ? [`${name}: a lone @`] : [];
  });
}

/** Sentences that sources ask for by their whole name, `t('talk.today')`, and that are not there. */
export function missing(sources: Record<string, string>, words: Words): string[] {
  const known = sentences(words);
  return Object.entries(sources).flatMap(([path, source]) =>
    [...source.matchAll(/\bt\(\s*'([\w.-]+)'/g)]
      .map(([, name]) => name!)
      .filter((name) => !known.has(name))
      .map((name) => `${path} asks for ${name}`),
  );
}
