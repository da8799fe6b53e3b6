import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adminSchema } from '../server/admin-schema.ts';
import { printedSchema } from '../server/doors/graphql.ts';

/** Writes the administrative schema into the reference. The types of the console are generated from that file. */
export const schemaFile = fileURLToPath(new URL('../docs/reference/admin-api.graphql', import.meta.url));

if (import.meta.main) {
  mkdirSync(new URL('.', `file://${schemaFile}`), { recursive: true });
  writeFileSync(schemaFile, printedSchema(adminSchema()));
}
