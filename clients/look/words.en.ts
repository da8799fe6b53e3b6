export const words = {
  entry: {
    language: 'Language',
    showPassword: 'Show the password',
    hidePassword: 'Hide the password',
  },
};

export type Words = typeof words;
