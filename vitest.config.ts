import { defineConfig } from 'vitest/config';

const onlyBrowser = process.env['PARLEY_BROWSER_TESTS'] === '1';
const ours = ['server/**', 'analytics/**', 'clients/**', 'admin-ui/**', 'scripts/**'];
const named = (ending: string) => ours.map((folder) => `${folder}/*${ending}`);
const aside = ['**/node_modules/**', '**/dist/**', '**/data/**'];

// Node reads graphql's CommonJS half for everybody; Vite would give our own files the other one, and the two do not know each other's types.
const resolve = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] };

const shared = {
  environment: 'node',
  pool: 'forks',
  globalSetup: './server/testing/cluster.ts',
  // Tests wait for conditions, not for a clock. These limits only end what would never end.
  testTimeout: 120_000,
  hookTimeout: 180_000,
  teardownTimeout: 120_000,
} as const;

const together = {
  resolve,
  test: {
    ...shared,
    name: 'together',
    include: named('.test.ts'),
    exclude: [...aside, '**/*.alone.test.ts', '**/*.browser.test.ts'],
    maxWorkers: 2,
    sequence: { groupOrder: 0 },
  },
};

// These kill engines or hold transactions open, which holds back everybody's horizon: one after another, when the others are done.
const alone = {
  resolve,
  test: {
    ...shared,
    name: 'alone',
    include: named('.alone.test.ts'),
    exclude: aside,
    maxWorkers: 1,
    fileParallelism: false,
    sequence: { groupOrder: 1 },
  },
};

const browser = {
  resolve,
  test: {
    ...shared,
    name: 'browser',
    include: named('.browser.test.ts'),
    exclude: aside,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
  },
};

export default defineConfig({ test: { projects: onlyBrowser ? [browser] : [together, alone] } });
