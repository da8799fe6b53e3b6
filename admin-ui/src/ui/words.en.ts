export const words = {
  list: {
    clear: 'Clear all filters',
    clearOne: 'Remove the filter “{name}”',
    find: 'Find…',
    columns: 'Columns',
    range: '{from}–{to} of {total}',
    rangeOpen: '{from}–{to}',
    size: 'Rows a page',
    next: 'Next page',
    previous: 'Previous page',
    first: 'First page',
    empty: 'Nothing here yet',
    noMatch: 'Nothing matches these filters',
    select: 'Select {name}',
    selectAll: 'Select everything on this page',
    selected: '{count} selected',
    clearSelection: 'Clear the selection',
    sortBy: 'Sort by {column}',
    acts: 'Acts',
    open: 'Open',
    table: 'Table of {name}; scroll sideways for more columns',
  },
};

export type Words = typeof words;
