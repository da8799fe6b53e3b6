import type { ClientBase } from 'pg';

/** One transaction on a connection that nothing else uses: the whole of `act` happens, or none of it. */
export async function inTransaction<T>(client: ClientBase, act: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await act();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
