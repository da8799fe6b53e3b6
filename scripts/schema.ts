/**
 * Writes server/schema.sql: the whole database at a glance, as the migrations make it. With --check it writes nothing
 * and ends with code 1 if the committed file is not what the migrations make.
 *
 *   node scripts/run.mjs scripts/schema.ts [--check]
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngines } from '../server/engines/engines.ts';
import { migrate } from '../server/kernel/migrate.ts';
import { errandPool } from '../server/kernel/pool.ts';
import { dumpSchema } from '../server/kernel/schema-dump.ts';

const file = fileURLToPath(new URL('../server/schema.sql', import.meta.url));
const committed = () => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const home = mkdtempSync(join(tmpdir(), 'parley-schema-'));
// No ClickHouse is needed here; an address keeps the keeper from starting one, and nobody ever calls it.
const engines = await openEngines({ dataDir: home, throwaway: true, clickhouseUrl: 'http://localhost' });
try {
  const pool = errandPool(engines.ownerUrl, 1);
  await migrate(pool);
  const schema = await dumpSchema(pool);
  await pool.end();
  if (!process.argv.includes('--check')) {
    writeFileSync(file, schema);
    console.log('Wrote server/schema.sql');
  } else if (committed() !== schema) {
    console.error('server/schema.sql is not what the migrations make. Run: node scripts/run.mjs scripts/schema.ts');
    process.exitCode = 1;
  }
} finally {
  await engines.close();
}
