import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../testing/client.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld();
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
});
afterAll(() => world.close());

const entry = (id: string, who = olga) =>
  who.graphql('query ($id: ID!) { auditEntry(id: $id) { id action actor { name } after } }', { id });

test('a link to a line of the log opens it however many lines came after, and the reading is written down', async () => {
  const [{ id } = { id: 0 }] = await world.db.rows<{ id: number }>(
    `select id from audit_entries where action = 'session.started' and actor_name = 'Olga'`,
  );
  await world.db.rows(
    `insert into audit_entries (actor_name, action, outcome) select 'test', 'x.done', 'done' from generate_series(1, 300)`,
  );
  const { data } = await entry(String(id));
  expect(data).toMatchObject({ auditEntry: { id: String(id), action: 'session.started', actor: { name: 'Olga' } } });
  const read = await world.db.rows(
    `select from audit_entries where action = 'audit.read' and actor_name = 'Olga' and after ->> 'entry' = $1`,
    [String(id)],
  );
  expect(read).toHaveLength(1);
  expect((await entry('999999999')).data).toEqual({ auditEntry: null });
});

test.each(['', '-1', '1e3', '9'.repeat(30), `1' or '1'='1`])('%j is no id of a line', async (id) => {
  expect((await entry(id)).code).toBe('malformed');
});

test('whoever may read the log is handed its public keys; nobody else is, and neither sees a line', async () => {
  await until(async () => (await world.db.rows('select from audit_statements')).length > 0, 'the log to be begun');
  const { data } = await olga.graphql('{ auditKeys { id pem current } }');
  const { auditKeys } = data as unknown as { auditKeys: { id: string; pem: string; current: boolean }[] };
  expect(auditKeys).toHaveLength(1);
  expect(auditKeys[0]).toMatchObject({ current: true, pem: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/) });
  expect(JSON.stringify(data)).not.toContain('PRIVATE');
  const member = visitor(world.origin);
  await member.signIn(await world.person('Nora'));
  expect((await member.graphql('{ auditKeys { pem } }')).code).toBe('forbidden');
  expect((await entry('1', member)).code).toBe('forbidden');
});
