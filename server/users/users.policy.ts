import type { Actor } from '../kernel/actor.ts';
import { conflict } from '../kernel/errors.ts';
import type { UserRow } from './users.model.ts';

/** Nobody shuts themselves out, and those who cannot sign in anyway are left alone. Who is stronger than whom is for `access` to say. */
export function suspend(actor: Actor, user: UserRow): void {
  if (actor.id === user.id) throw conflict('You cannot suspend yourself.');
  if (user.kind === 'imported') throw conflict('This person only speaks in imported history and cannot sign in.');
}
