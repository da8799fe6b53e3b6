export const words = {
  keys: {
    title: 'Keyboard shortcuts',
    everywhere: 'Everywhere',
    writing: 'While writing',
    reading: 'While reading',
    switcher: 'Go to a conversation or person',
    search: 'Search messages',
    next: 'Next conversation',
    previous: 'Previous conversation',
    nextUnread: 'Next unread conversation',
    previousUnread: 'Previous unread conversation',
    help: 'Show this list',
    close: 'Close what is open; mark as read',
    regions: 'Next part of the window',
    send: 'Send',
    newline: 'New line',
    editLast: 'Edit the last message',
    mention: 'Mention somebody',
    preview: 'Preview',
    messageUp: 'Previous message',
    messageDown: 'Next message',
    intoMessage: 'Into the message’s actions',
    details: 'Show or hide the details',
    toComposer: 'Back to writing',
  },
};

export type Words = typeof words;
