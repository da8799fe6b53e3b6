export const words = {
  tasks: {
    title: 'Tasks',
    lead: 'Long work that goes on without you: what runs, what came out.',
    kind: 'What',
    state: 'State',
    started: 'Started',
    finished: 'Finished',
    by: 'By',
    result: 'Result',
    empty: 'No long work yet',
    emptyLead: 'Imports and exports appear here while they run, and stay with their result.',
    states: { waiting: 'Waiting', running: 'Running', done: 'Done', failed: 'Failed', stopped: 'Stopped' } as Record<
      string,
      string
    >,
    kinds: {
      'audit-export': 'Export of the audit log',
      import: 'Import',
      'revisions-delete': 'Deletion of former texts',
    } as Record<string, string>,
    of: '{done} of {total}',
    file: 'File',
    download: 'Download',
    failures: {
      'audit-export': 'The export failed and left no file. Begin it again; the server’s log says why.',
      import: 'The import failed. What was stored stays; run its command again to go on. The command said why.',
      'revisions-delete': 'The deletion failed and is tried again; what is left stays. The server’s log says why.',
    } as Record<string, string>,
    failedWhy: 'It failed; the server’s log says why.',
    stoppedWhy: 'Its process gave no sign of life for two minutes, or was stopped. Start it again to go on.',
    facts: {
      deleted: 'Deleted',
      entries: 'Lines',
      messages: 'Messages',
      people: 'People',
      stored: 'New',
      already: 'There already',
      refused: 'Skipped',
      malformed: 'Malformed',
    } as Record<string, string>,
  },
};

export type Words = typeof words;
