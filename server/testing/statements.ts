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

/**
 * Lets statements of this process wait a moment, chosen at random, before they go out: transactions at once then meet
 * in every way.
 */
export async function withPauses<T>(during: () => Promise<T>): Promise<T> {
  const client = pg.Client.prototype as unknown as { query: (this: unknown, ...args: unknown[]) => unknown };
  const ask = client.query;
  client.query = function (...args) {
    const waits = async () => {
      if (Math.random() < 0.5) await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      return ask.apply(this, args);
    };
    // With a callback, the answer goes there; an object of its own (COPY) is handed back at once.
    if (typeof args[0] === 'object' && args[0] !== null && 'submit' in args[0]) return ask.apply(this, args);
    return waits();
  };
  try {
    return await during();
  } finally {
    client.query = ask;
  }
}
