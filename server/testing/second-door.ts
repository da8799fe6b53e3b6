import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHttpDoor, type HttpSettings } from '../doors/http.ts';
import type { Route } from '../doors/route.ts';
import type { World } from './world.ts';

export const doorSettings: HttpSettings = {
  host: '127.0.0.1',
  publicUrl: null,
  origins: [],
  trustProxy: 0,
  metricsToken: '',
  httpConnections: 1_000,
};

/** A second HTTP door on the same house, with routes and settings of the test. */
export async function secondDoor(
  { app: { house } }: World,
  routes: Route[],
  more: Partial<Parameters<typeof createHttpDoor>[0]> = {},
): Promise<{ origin: string; close(): void }> {
  const server = createHttpDoor({ house, config: doorSettings, routes, ...more });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void (server.closeAllConnections(), server.close()),
  };
}
