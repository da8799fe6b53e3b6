import type { Declared } from '@parley/protocol/permissions.ts';

/** Who acts. Taken from the door, never from the payload. */
export type Actor = {
  kind: 'person' | 'bot' | 'system' | 'stranger';
  id: string | null;
  name: string;
  deviceId: string | null;
  permissions: ReadonlySet<string>;
};

export const stranger: Actor = { kind: 'stranger', id: null, name: 'stranger', deviceId: null, permissions: new Set() };

/** The house itself: jobs, imports, the command line. `what` is the name the audit log shows. */
export const system = (what: string): Actor => ({
  kind: 'system',
  id: null,
  name: what,
  deviceId: null,
  permissions: new Set(),
});

/** Whether an operation with this declaration is open to the actor at all; the verb then judges the object. */
export function mayEnter(actor: Actor, declared: Declared): boolean {
  if (declared === 'everyone' || actor.kind === 'system') return true;
  if (declared === 'signed-in') return actor.kind !== 'stranger';
  return actor.permissions.has(declared);
}
