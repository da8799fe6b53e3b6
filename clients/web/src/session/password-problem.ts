import { passwordBounds, passwordFault, type PasswordContext } from '@parley/protocol/passwords.ts';
import { i18n } from '../words/i18n.ts';
import { status } from './arrive.ts';

/** The fewest characters a new password may have here. */
export const passwordFloor = (): number => status.value?.passwordFloor ?? passwordBounds.floor;

/** What the person and the organisation are called, so far as this page knows. */
export const withOrganisation = (context: PasswordContext): PasswordContext => ({
  organisation: status.value?.organisation ?? null,
  ...context,
});

/** Why the server would refuse a new password, so far as this page can tell; null when only the server knows. */
export function passwordProblem(password: string, context: PasswordContext): string | null {
  const fault = passwordFault(password, passwordFloor(), withOrganisation(context));
  return fault && i18n.global.t(`errors.${fault}`);
}
