const cjk = /[\u3400-\u9fff\uf900-\ufaff]/;

/** What an avatar shows: first letters of the first and last word; of a Chinese name the last two characters, as people call each other. */
export function initialsOf(name: string): string {
  const plain = name.replace(/[([（【].*$/u, '').trim() || name.trim();
  if (cjk.test(plain))
    return [...plain]
      .filter((sign) => cjk.test(sign))
      .slice(-2)
      .join('');
  const words = plain.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')].find((sign) => /[\p{L}\p{N}]/u.test(sign)) ?? '',
  );
  return letters.join('').toLocaleUpperCase() || '?';
}

/** One of twelve hues, always the same for one id. */
export function hueOf(id: string): number {
  let sum = 7;
  for (let at = 0; at < id.length; at++) sum = (sum * 31 + id.charCodeAt(at)) >>> 0;
  return (sum % 12) * 30 + 10;
}
