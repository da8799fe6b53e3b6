export const words = {
  find: {
    open: 'Search',
    title: 'Search the console',
    placeholder: 'People, departments, roles, pages, acts…',
    none: 'Nothing is called “{query}”.',
    kinds: { person: 'Person', department: 'Department', role: 'Role', action: 'Act', page: 'Page' },
    hint: '↑ ↓ to choose, Enter to open, Esc to close',
  },
};

export type Words = typeof words;
