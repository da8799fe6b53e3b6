export const words = {
  session: {
    title: 'Sign in',
    to: 'to {organisation}',
    ended: 'Your session on this device has ended. Please sign in again.',
    suspended: 'Your account has been suspended. Please turn to your administrator.',
    unreachable: 'The server cannot be reached. Check your connection; this page tries again by itself.',
  },
  invitation: {
    title: 'Welcome',
    to: 'to {organisation}',
    lead: 'You were invited. Choose a password, and you are in.',
    password: 'Your password',
    submit: 'Set the password and sign in',
    busy: 'Setting the password…',
    spent:
      'This invitation is not valid any more: it was used, replaced, or is older than a week. Ask whoever invited you for a new one.',
    missing: 'This link is incomplete. Open it exactly as you were given it, with everything after the #.',
    other: 'Somebody is signed in here already. Going on signs them out of this browser.',
    signIn: 'Sign in instead',
  },
  setUp: {
    title: 'Set up Parley',
    lead: 'This installation is empty. The person who sets it up becomes its owner.',
    code: 'One-time code',
    codeHelp: 'Printed in the server’s log when it started.',
    organisation: 'Organisation',
    organisationHelp: 'As people call it; it can be changed later.',
    name: 'Your name',
    email: 'Your e-mail',
    password: 'Password',
    passwordHelp: 'At least 12 characters.',
    submit: 'Create the owner and sign in',
    busy: 'Creating…',
  },
};

export type Words = typeof words;
