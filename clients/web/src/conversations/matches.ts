/**
 * How well a name answers what was typed: 0 not at all, 3 begins with it, 2 a word of it does, 1 contains it, or its letters in order.
 * Nothing typed fits everything.
 */
export function matches(name: string, typed: string): 0 | 1 | 2 | 3 {
  const query = typed.trim().toLocaleLowerCase();
  const text = name.toLocaleLowerCase();
  if (!query || text.startsWith(query)) return 3;
  if (text.split(/[\s._/#-]+/u).some((word) => word.startsWith(query))) return 2;
  if (text.includes(query)) return 1;
  // "gd" finds "general-design"; a single letter or a sentence would find too much.
  if (query.length < 2 || query.length > 8) return 0;
  let at = 0;
  for (const sign of text) if (sign === query[at]) at++;
  return at >= query.length ? 1 : 0;
}
