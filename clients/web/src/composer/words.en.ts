export const words = {
  composer: {
    label: 'Message to {name}',
    placeholder: 'Write to {name}',
    placeholderTopic: 'Write in “{title}”',
    thread: 'Answer in the thread',
    send: 'Send',
    preview: 'Preview',
    write: 'Keep writing',
    nothingToPreview: 'Nothing to preview yet.',
    mention: 'Mention somebody',
    people: 'People to mention',
    topicTitle: 'Topic',
    topicPlaceholder: 'What is it about?',
    hint: 'Enter sends, Shift+Enter begins a new line',
    tooLong: '{n} character too many | {n} characters too many',
    editing: 'Editing a message',
    saveEdit: 'Save the change',
  },
};

export type Words = typeof words;
