import pg from 'pg';

/**
 * Deadlocks PostgreSQL has counted in a database. A connection tells of its own at the latest when it ends: close what
 * is judged first. Unlike the log and our own counter, no retry hides one from it.
 */
export async function deadlocksIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ deadlocks: number }>(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    return rows[0]!.deadlocks;
  } finally {
    await client.end();
  }
}
