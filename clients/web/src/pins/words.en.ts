export const words = {
  pins: {
    title: 'Pinned messages',
    empty: 'Nothing is pinned. Pin a message, and everybody here finds it in this place.',
    pin: 'Pin for everybody',
    unpin: 'Unpin for everybody',
    by: 'Pinned by {name}, {when}',
  },
};

export type Words = typeof words;
