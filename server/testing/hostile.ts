import * as fc from 'fast-check';

/** Values where a text, a number or an id was asked for: what people who look for holes send. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    Number.MAX_SAFE_INTEGER + 1,
    '',
    ' ',
    '\0',
    '\ud800',
    '\u202e',
    '%',
    '_',
    `' or 1=1 --`,
    '${7*7}',
    '{{7*7}}',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    [],
    {},
    [[]],
    { $ne: null },
    { length: 3 },
    { toString: 'x' },
    Object.fromEntries([['th' + 'en', 'x']]),
    ['a', 'b'],
    '00000000-0000-0000-0000-000000000000',
    '00000000-0000-7000-8000-00000000000g',
    'x'.repeat(5_000),
    '9'.repeat(400),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.integer(),
  fc.double(),
  fc.uuid(),
);

const hostileKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'isAdmin',
    'role',
    'permissions',
    'userId',
    'createdAt',
    '',
    '\0',
    'length',
  ),
  fc.string({ maxLength: 10 }),
);

/** A well-formed object with something wrong in it: a value of another kind, a word too many or too few, or no object at all. */
export function spoiled(good: Record<string, unknown>): fc.Arbitrary<string> {
  const keys = Object.keys(good);
  const one = keys.length > 0 ? fc.constantFrom(...keys) : fc.constant('x');
  const asText = (value: unknown) => JSON.stringify(value) ?? 'null';
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(one, hostileValue).map(([key, value]) => asText({ ...good, [key]: value })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(hostileKey, hostileValue)
        .map(([key, value]) =>
          asText(good).replace(/\}$/, `${keys.length > 0 ? ',' : ''}${asText(key)}:${asText(value)}}`),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.subarray(keys).map((kept) => asText(Object.fromEntries(kept.map((key) => [key, good[key]])))),
    },
    { weight: 1, arbitrary: hostileValue.map(asText) },
    { weight: 1, arbitrary: fc.constantFrom(1, 10, 200, 5_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
    { weight: 2, arbitrary: garbled(asText(good)) },
  );
}

/** A text with a piece cut out, doubled, or replaced. */
export function garbled(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.nat(text.length),
      fc.nat(12),
      fc.oneof(
        fc.constant(''),
        fc.constantFrom('"', '{', '}', '[', ']', ':', ',', '\\', '\\u0000', '...', '@', '$', '!', '#', '\ufeff'),
        fc.string({ unit: 'binary', maxLength: 4 }),
      ),
      fc.boolean(),
    )
    .map(
      ([at, length, put, twice]) =>
        text.slice(0, at) + put + (twice ? text.slice(at, at + length).repeat(2) : '') + text.slice(at + length),
    );
}

/** Runs many things with so many at once. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items].reverse();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await run(item);
    }),
  );
}
