/** What a JSON text holds at its outer levels, as far as it was looked at. */
export type Shape = {
  /** The outermost value is an array. */
  isArray: boolean;
  /** Names of fields, by how many objects they lie within: `fields[0]` are those of the outermost objects. */
  fields: Set<string>[];
};

const levels = 3;

/**
 * The names of the outer fields of a JSON text, which may be cut off anywhere, broken over lines, or several objects
 * one after the other. Null where it does not begin like JSON.
 */
export function shapeOf(text: string): Shape | null {
  const start = text.search(/\S/);
  if (start === -1 || !'[{'.includes(text[start]!)) return null;
  const fields: Set<string>[] = Array.from({ length: levels }, () => new Set<string>());
  const open: string[] = [];
  let objects = 0;
  // A string that the end cuts off is a token too: looking for its end again from each later sign would take
  // quadratic time.
  const sign = /[{}[\]]|"(?:[^"\\]|\\.)*(?:"(\s*:)?|\\?$)/gs;
  sign.lastIndex = start;
  for (let found = sign.exec(text); found; found = sign.exec(text)) {
    const [token, colon] = found;
    if (token === '{' || token === '[') {
      open.push(token);
      if (token === '{') objects++;
    } else if (token === '}' || token === ']') {
      if (open.pop() === '{') objects--;
    } else if (colon !== undefined && open.at(-1) === '{' && objects <= levels)
      fields[objects - 1]!.add(token.slice(1, token.lastIndexOf('"')));
  }
  return { isArray: text[start] === '[', fields };
}
