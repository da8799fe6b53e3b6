import { afterAll, beforeAll, expect, test } from 'vitest';
import { statementsOf } from '../testing/statements.ts';
import { visitor, type Visitor } from '../testing/http.ts';
import { openWorld, type World } from '../testing/world.ts';

/** The directory at the size it was made for. */
const size = 100_000;
/** People one statement brings in. */
const part = 20_000;
/** Every fiftieth is a sender of imported history, whom the list leaves out. */
const listed = size - size / 50;

let world: World;
let olga: Visitor;
beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_ROLES: 'web' } });
  olga = visitor(world.origin);
  await olga.signIn(await world.person('Olga', { roles: ['owner', 'member'] }));
  await world.db.rows(
    `insert into departments (id, name, parent_id) values ('00000000-0000-7000-8000-000000000001', 'Sales', null), ('00000000-0000-7000-8000-000000000002', 'North', '00000000-0000-7000-8000-000000000001')`,
  );
  // Each far below a statement's timeout: the pieces of a name cost most.
  for (let from = 1; from <= size; from += part)
    await world.db.rows(
      `insert into users (id, kind, status, name, email, department_id, created_at, last_seen_at)
       select gen_random_uuid(), case when n % 50 = 0 then 'bot' when n % 50 = 1 then 'imported' when n % 50 = 2 then 'guest' else 'person' end,
         case when n % 40 = 0 then 'suspended' when n % 40 = 1 then 'invited' else 'active' end,
         (array['Ann','Béla','陈','Zoë','Ørjan','O''Hara','%','Twin'])[1 + n % 8] || ' ' || n / 16, case when n % 50 <> 1 then 'p' || n || '@example.com' end,
         case when n % 10 = 0 then '00000000-0000-7000-8000-000000000001'::uuid when n % 10 = 1 then '00000000-0000-7000-8000-000000000002' end,
         timestamptz '2020-01-01' + n / 3 * interval '1 hour', case when n % 3 > 0 then timestamptz '2026-01-01' + n / 5 * interval '1 minute' end
       from generate_series($1::int, $2::int) n`,
      [from, from + part - 1],
    );
  await world.db.rows(
    `insert into role_grants (user_id, role) select id, 'member' from users where kind = 'person' on conflict do nothing`,
  );
  await world.db.rows(
    `insert into role_grants (user_id, role) select id, 'auditor' from users where number % 9000 = 7`,
  );
  // The keys the code would write for these names, by one statement: written person by person they take a minute.
  await world.db.rows(
    `insert into person_keys (user_id, class, kind, key)
     select u.id, array_position('{person,guest,bot,imported}', u.kind) - 1, k.kind, k.key from users u,
       translate(lower(u.name), 'éëø''', 'eeo') as f (folded) cross join lateral (
         values (0, folded), (1, split_part(folded, ' ', 2)), (4, coalesce(u.email, ''))) k (kind, key)
     where k.key <> '' on conflict do nothing`,
  );
  await world.db.rows('truncate keys_due');
  await world.db.rows('analyze');
});
afterAll(() => world.close());

type Page = {
  edges: { cursor: string; node: { id: string } }[];
  totalCount: number;
  pageInfo: { endCursor: string; hasNextPage: boolean };
};
async function page(args: string): Promise<Page> {
  const { data, errors } = await olga.graphql(
    `{ people(${args}) { edges { cursor node { id } } totalCount pageInfo { endCursor hasNextPage } } }`,
  );
  expect(errors).toEqual([]);
  return (data as unknown as { people: Page }).people;
}

const keys = {
  NAME: 'lower(name)',
  EMAIL: `coalesce(lower(email), '')`,
  CREATED_AT: 'created_at',
  LAST_SEEN_AT: `coalesce(last_seen_at, '-infinity')`,
};
const orders = Object.entries(keys).flatMap(
  ([sort, key]) =>
    [
      [sort, false, key],
      [sort, true, key],
    ] as [string, boolean, string][],
);

test.each(orders)(
  'by %s (descending: %s): pages follow each other as the whole order does, from anywhere, without a gap or a double',
  async (sort, descending, key) => {
    const down = descending ? 'desc' : '';
    // A stretch across the end of a thousand equal keys, the very beginning, and the end.
    for (const start of [0, 33_330, listed - 250]) {
      const expected = await world.db.rows<{ id: string }>(
        `select id from users where kind <> 'imported' order by ${key} ${down}, id ${down} offset ${start} limit 260`,
      );
      let after = '';
      if (start > 0) {
        // The cursor of the row before, reached as a person would: by paging there once is slow, so it is asked for by a narrower list of the same order.
        const [before] = await world.db.rows<{ name: string; email: string | null; id: string }>(
          `select id, name, email from users where kind <> 'imported' order by ${key} ${down}, id ${down} offset ${start - 1} limit 1`,
        );
        const narrow = await page(
          `sort: ${sort}, descending: ${descending}, first: 100, query: ${JSON.stringify(before!.email ?? before!.name)}`,
        );
        after = `, after: "${narrow.edges.find(({ node }) => node.id === before!.id)!.cursor}"`;
      }
      const seen: string[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const { edges, pageInfo, totalCount } = await page(
          `sort: ${sort}, descending: ${descending}, first: 85${after}`,
        );
        expect(totalCount).toBe(listed + 1);
        seen.push(...edges.map(({ node }) => node.id));
        after = `, after: "${pageInfo.endCursor}"`;
        if (!pageInfo.hasNextPage) break;
      }
      expect(seen).toEqual(expected.slice(0, seen.length).map(({ id }) => id));
      expect(seen.length).toBeGreaterThan(240);
    }
  },
);

test.each(orders)(
  'by %s (descending: %s): a page in the middle reads its own rows by an index, and not the people before it',
  async (sort, descending, key) => {
    const [middle] = await world.db.rows<{ name: string; email: string | null; id: string }>(
      `select id, name, email from users where kind <> 'imported' order by ${key}, id offset 49000 limit 1`,
    );
    const narrow = await page(
      `sort: ${sort}, descending: ${descending}, first: 100, query: ${JSON.stringify(middle!.email ?? middle!.name)}`,
    );
    const cursor = narrow.edges.find(({ node }) => node.id === middle!.id)!.cursor;
    const { statements } = await statementsOf(() =>
      page(`sort: ${sort}, descending: ${descending}, first: 50, after: "${cursor}"`),
    );
    const { text, values } = statements.find((statement) => statement.text.includes('limit 51'))!;
    const [row] = await world.db.rows<{ 'QUERY PLAN': { Plan: Node }[] }>(
      `explain (analyze, format json) ${text}`,
      values,
    );
    const nodes = flat(row!['QUERY PLAN'][0]!.Plan);
    expect(nodes.map((node) => node['Node Type'])).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Sort|Seq Scan/)]),
    );
    expect(Math.max(...nodes.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)))).toBeLessThan(
      200,
    );
  },
);

type Node = { 'Node Type': string; 'Actual Rows': number; 'Rows Removed by Filter'?: number; Plans?: Node[] };
const flat = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(flat)];

test.each([
  ['status: suspended', `status = 'suspended'`],
  ['kind: bot', `kind = 'bot'`],
  ['kind: imported', `kind = 'imported'`],
  ['kind: imported, query: "陈"', `kind = 'imported' and name like '陈%'`],
  ['role: "auditor"', `id in (select user_id from role_grants where role = 'auditor')`],
  ['role: "nobody knows it"', 'false'],
  ['departmentId: "00000000-0000-7000-8000-000000000002"', `department_id = '00000000-0000-7000-8000-000000000002'`],
  ['departmentId: "00000000-0000-7000-8000-000000000001"', 'department_id is not null'],
  ['departmentId: "00000000-0000-7000-8000-00000000000f"', 'false'],
  ['query: "  béLA 12 "', `lower(name) like '%béla 12%'`],
  ['query: "陈"', `name like '%陈%'`],
  ['query: "%"', `name like '%\\%%'`],
  ['query: "_"', 'false'],
  ['query: "P77@EXAMPLE"', `email = 'p77@example.com'`],
  ['query: "@example"', 'false'],
  [
    `query: "o'hara", status: active, kind: person, role: "member", departmentId: "00000000-0000-7000-8000-000000000001"`,
    `name like 'O''Hara%' and status = 'active' and kind = 'person' and department_id is not null`,
  ],
])('%s leaves whom it should, counts them, and pages through all of them', async (filter, where) => {
  const shown = where.includes('kind') ? where : `${where} and kind <> 'imported'`;
  const expected = await world.db.rows<{ id: string }>(`select id from users where ${shown} order by lower(name), id`);
  const first = await page(`${filter}, first: 60`);
  expect(first.totalCount).toBe(expected.length);
  const seen = first.edges.map(({ node }) => node.id);
  let { pageInfo } = first;
  for (let turn = 0; turn < 3 && pageInfo.hasNextPage; turn++) {
    const next = await page(`${filter}, first: 60, after: "${pageInfo.endCursor}"`);
    seen.push(...next.edges.map(({ node }) => node.id));
    pageInfo = next.pageInfo;
  }
  expect(seen).toEqual(expected.slice(0, seen.length).map(({ id }) => id));
  expect(seen.length).toBe(Math.min(expected.length, 240));
});

test('a cursor of one order is none of another', async () => {
  const { pageInfo } = await page('first: 3');
  for (const args of ['sort: EMAIL', 'sort: CREATED_AT', 'sort: LAST_SEEN_AT', 'descending: true'])
    expect((await olga.graphql(`{ people(${args}, after: "${pageInfo.endCursor}") { totalCount } }`)).code, args).toBe(
      'malformed',
    );
  // What is filtered may change in the middle: the place stays a place.
  expect((await page(`first: 3, status: active, after: "${pageInfo.endCursor}"`)).edges).toHaveLength(3);
});
