export const words = {
  revisions: {
    title: 'Edit history',
    lead: 'The latest version first. Added words are underlined, removed words struck through.',
    open: 'Show the edit history',
    current: 'Current version',
    original: 'Original message',
    version: 'Earlier version',
    none: 'No earlier version was kept.',
    more: 'Show earlier versions',
  },
};

export type Words = typeof words;
