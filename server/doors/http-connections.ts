import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Caps the plain HTTP connections that are open. Beyond the cap the oldest one that is answering nothing is closed:
 * half-open requests and idle connections make room, so that a new caller and a socket's upgrade always find a place.
 * Upgraded connections are the socket door's.
 */
export function capConnections(server: Server, most: number): void {
  const open = new Set<Socket>();
  const answering = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      answering.delete(socket);
    });
    if (open.size > most) oldestIdle()?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (answering.get(socket) ?? 1) - 1;
      if (left > 0) answering.set(socket, left);
      else answering.delete(socket);
    });
  });
  server.on('upgrade', ({ socket }) => open.delete(socket as Socket));

  function oldestIdle(): Socket | undefined {
    for (const socket of open) if (!answering.has(socket)) return socket;
    return undefined;
  }
}
