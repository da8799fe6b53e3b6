import { link, open, readFile, rm } from 'node:fs/promises';
import { exportJWK, importJWK, type JWK } from 'jose';
import type { KeyPair, KeyPlace } from './device-key.ts';

/**
 * The key of a device as a file that only its owner can read: for bots and programs on Node.
 *
 *   createParley({ origin, storage, device: 'A bot', keep: 'body', key: deviceKeyIn(keyFile('/var/lib/bot/parley-key.json')) });
 */
export const keyFile = (path: string): KeyPlace => ({
  readable: true,
  async find() {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text === undefined ? undefined : pairOf(JSON.parse(text) as JWK);
  },
  async keep(pair) {
    const own = `${path}.${process.pid}`;
    const file = await open(own, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(await exportJWK(pair.privateKey)));
      await file.sync();
      // The file appears whole and never replaces another: two processes that start at once share the first key
      // written.
      await link(own, path);
      return pair;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return pairOf(JSON.parse(await readFile(path, 'utf8')) as JWK);
    } finally {
      await file.close();
      await rm(own, { force: true });
    }
  },
});

async function pairOf({ d, ...publicHalf }: JWK): Promise<KeyPair> {
  const read = async (jwk: JWK) => (await importJWK(jwk, 'ES256', { extractable: true })) as CryptoKey;
  return { privateKey: await read({ ...publicHalf, d } as JWK), publicKey: await read(publicHalf) };
}
