export const words = {
  entry: {
    language: 'Language',
    email: 'E-mail',
    password: 'Password',
    signIn: 'Sign in',
    busy: 'Signing in…',
    evaluation:
      'This is an evaluation with a demo company. The accounts and their passwords were printed where the server was started.',
    showPassword: 'Show the password',
    hidePassword: 'Hide the password',
    cookies:
      'This browser blocks cookies for {host}. Parley needs one to keep you signed in: allow it, then reload this page.',
    newVersion: 'A new version of Parley is available.',
    reload: 'Reload',
    missingPart: 'A part of this page could not be loaded. Check your connection, then try again.',
  },
};

export type Words = typeof words;
