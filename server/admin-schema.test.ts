import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adminSchema } from './admin-schema.ts';
import { printedSchema } from './doors/graphql.ts';

test('the committed reference of the administrative interface is the schema as it is', () => {
  const committed = readFileSync(new URL('../docs/reference/admin-api.graphql', import.meta.url), 'utf8');
  expect(committed, 'run: node scripts/run.mjs scripts/schema-graphql.ts').toBe(printedSchema(adminSchema()));
});
