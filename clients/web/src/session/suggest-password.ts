const consonants = 'bdfghjklmnprstvz';
const vowels = 'aeiou';

/**
 * A password that is easy to read and to type: five groups of two syllables, 63 bits of the browser's own randomness.
 */
export function suggestPassword(): string {
  const syllable = () => consonants[below(consonants.length)]! + vowels[below(vowels.length)]!;
  return Array.from({ length: 5 }, () => syllable() + syllable()).join('-');
}

/**
 * A random whole number below a small bound, each equally likely: a byte beyond the last whole multiple is drawn again.
 */
function below(bound: number): number {
  for (;;) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1)) as unknown as [number];
    if (byte < 256 - (256 % bound)) return byte % bound;
  }
}
