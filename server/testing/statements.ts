import pg from 'pg';

export type Statement = { text: string; values: unknown[] };

type Query = (
  this: unknown,
  config: string | { text: string; values?: unknown[] },
  values?: unknown[],
  ...more: unknown[]
) => unknown;

/** Everything this process asks PostgreSQL while `during` runs, whatever connection it goes over. */
export async function statementsOf<T>(during: () => Promise<T>): Promise<{ result: T; statements: Statement[] }> {
  const statements: Statement[] = [];
  const client = pg.Client.prototype as unknown as { query: Query };
  const ask = client.query;
  client.query = function (config, values, ...more) {
    const text = typeof config === 'string' ? config : config.text;
    const given = typeof config === 'string' ? values : config.values;
    if (typeof text === 'string') statements.push({ text, values: Array.isArray(given) ? given : [] });
    return ask.call(this, config, values, ...more);
  };
  try {
    return { result: await during(), statements };
  } finally {
    client.query = ask;
  }
}
