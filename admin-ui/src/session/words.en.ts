export const words = {
  session: {
    title: 'Sign in',
    to: 'to the console of {organisation}',
    ended: 'Your session on this device has ended. Please sign in again.',
    unreachable: 'The server cannot be reached. This page tries again by itself.',
    empty: 'This installation has no owner yet.',
    setUp: 'Set it up',
    nothing: 'There is nothing to administer for you',
    nothingLead:
      'Your account has no administrative role. If you expected one, ask an administrator of {organisation}.',
    forbidden: 'This page is not open to you',
    forbiddenLead: 'It needs the permission “{permission}”. If you should have it, ask an administrator.',
    missing: 'There is nothing at this address',
    missingLead: 'The link may be old, or what it led to was deleted.',
  },
};

export type Words = typeof words;
