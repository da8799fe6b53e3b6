import pg from 'pg';

/**
 * A pool for an errand of its own, outside the house. Closing it does not wait until PostgreSQL has taken leave of every connection: an engine that
 * stops right behind it, or a database that is dropped, cuts the last of them, and that is nobody's concern.
 */
export function errandPool(connectionString: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  pool.on('error', () => undefined);
  return pool;
}
