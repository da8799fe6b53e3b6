import type { Account } from './demo.ts';

/** The accounts of the demo company as the terminal shows them, once: passwords are kept nowhere. */
export function describeAccounts(accounts: readonly Account[]): string {
  const width = (of: (account: Account) => string) => Math.max(...accounts.map((account) => of(account).length));
  const [email, role] = [width((account) => account.email), width((account) => account.role)];
  const lines = accounts.map(
    (account) => `  ${account.role.padEnd(role)}  ${account.email.padEnd(email)}  ${account.password}  ${account.name}`,
  );
  return ['The demo company Harborline is ready. Sign in as (these passwords are shown only now):', ...lines].join(
    '\n',
  );
}
