/** Licences whose terms an Apache-2.0 product can carry along without asking. An "A OR B" needs one of them, an "A AND B" all. */
export const allowedLicences = [
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Apache-2.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'PSF-2.0',
];

/** Packages under other terms, each by name, with the reason it is here. A new one is a decision, not an accident. */
export const allowedByName: Record<string, string> = {
  'axe-core': 'MPL-2.0: run by browser tests, unchanged, never shipped',
  lightningcss: 'MPL-2.0: part of the build tool, unchanged, never shipped',
  'lightningcss-*': 'MPL-2.0: the binaries of lightningcss, one a platform',
  '@img/sharp-libvips-*': 'LGPL-3.0: a shared library beside sharp, unchanged and replaceable',
  'caniuse-lite': 'CC-BY-4.0: data of the build tool, never shipped',
  'spdx-exceptions': 'CC-BY-3.0: data of the licence check, never shipped',
  'spdx-ranges': 'CC-BY-3.0: data of the licence check, never shipped',
};

/** Which installed packages (`name@version` → SPDX expression) stand under terms nobody has agreed to. */
export function strangers(installed: Record<string, { licenses: string | string[] }>): string[] {
  return Object.entries(installed)
    .filter(([id, { licenses }]) => !isNamed(id) && ![licenses].flat().some(isAllowed))
    .map(([id, { licenses }]) => `${id}: ${[licenses].flat().join(', ')}`);
}

const isNamed = (id: string) => {
  const name = id.slice(0, id.lastIndexOf('@'));
  return Object.keys(allowedByName).some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known,
  );
};

function isAllowed(expression: string): boolean {
  const plain = expression.replace(/[()]/g, '');
  if (plain.includes(' OR ')) return plain.split(' OR ').some(isAllowed);
  return plain.split(' AND ').every((licence) => allowedLicences.includes(licence));
}
