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
  },
};

export type Words = typeof words;
