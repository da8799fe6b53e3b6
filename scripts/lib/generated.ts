import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tool } from './steps.ts';

/** Papers that a script writes from the code, and what each script writes. They are committed, so that a change of them is seen. */
export const generated = [
  { script: 'scripts/docs.ts', writes: 'docs/reference' },
  // From the schema the line above writes.
  { script: 'admin-ui/codegen.ts', writes: 'admin-ui/src/graphql' },
  { script: 'scripts/schema.ts', writes: 'server/schema.sql' },
];

/** Writes them all anew. */
export async function generate(): Promise<void> {
  for (const { script } of generated) await tool(script);
}

/** Which of them would come out differently. The files are left as they were found. */
export async function stale(): Promise<string[]> {
  const places = generated.map(({ writes }) => writes);
  const before = contentsOf(places);
  try {
    await generate();
    const after = contentsOf(places);
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((file) => before.get(file) !== after.get(file))
      .sort();
  } finally {
    for (const file of contentsOf(places).keys()) if (!before.has(file)) rmSync(file);
    for (const [file, text] of before)
      if (!existsSync(file) || readFileSync(file, 'utf8') !== text) restore(file, text);
  }
}

function restore(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function contentsOf(places: string[]): Map<string, string> {
  return new Map(
    places
      .filter((place) => existsSync(place))
      .flatMap((place) => filesIn(place))
      .map((file) => [file, readFileSync(file, 'utf8')]),
  );
}

function filesIn(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
