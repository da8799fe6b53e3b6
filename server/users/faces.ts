/** By what people recognise each other where messages and lists show them. */
export type Face = { name: string; title: string | null };

/**
 * Whether two people would be taken for each other. Names are compared as readers see them: width, ligatures and other
 * compatibility forms, case, accents written apart, runs of spaces and signs that show nothing make no difference.
 * Letters of different scripts that look alike do; see docs/decisions/0021.
 */
export const looksLike = (one: Face, other: Face): boolean =>
  asSeen(one.name) === asSeen(other.name) && asSeen(one.title ?? '') === asSeen(other.title ?? '');

/**
 * A text as its reader sees it. Lower, upper and lower again is what case folding does to letters that have several
 * lower forms.
 */
export const asSeen = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[\s\p{Z}\u2800]+/gu, ' ')
    .trim();
