export const words = {
  storage: {
    sends:
      'This browser is not storing data. Messages that have not been sent yet will be lost if you close or reload this page.',
    drafts: 'This browser is not storing data. Drafts and settings will be lost if you close or reload this page.',
    both: 'This browser is not storing data. Unsent messages, drafts and settings will be lost if you close or reload this page.',
  },
};

export type Words = typeof words;
