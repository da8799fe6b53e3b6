export const words = {
  app: {
    name: 'Parley',
    loading: 'Loading…',
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    retry: 'Try again',
    more: 'More',
    skip: 'Skip to the conversation',
    showList: 'Back to conversations',
  },
  errors: {
    notices: 'Notices',
    quote: 'Code to quote: {code}',
    unknown: 'Something unexpected happened.',
    malformed: 'The server did not accept the input.',
    too_large: 'This is too large to send.',
    unknown_operation: 'The server does not know this act. Reload the page to get its newest version.',
    unauthenticated: 'Please sign in again.',
    wrong_credentials: 'E-mail and password do not match.',
    password_short: 'The password is too short.',
    password_long: 'The password is too long: at most 256 characters.',
    password_context:
      'The password is built on a name, e-mail address, the organisation or Parley. People who know you try these first.',
    password_leaked: 'This password stands in lists of leaked passwords, which attackers try first. Choose another.',
    password_weak:
      'This password is too easy to guess: it repeats itself, follows a sequence or the keyboard, or uses common passwords.',
    session_ended: 'Your session on this device has ended.',
    stale_proof: 'Your browser could not prove that this session is its own. Try again.',
    suspended: 'Your account has been suspended.',
    forbidden: 'You may not do this here.',
    not_found: 'It does not exist, or you may not see it.',
    conflict: 'Somebody else changed it at the same moment. Look again.',
    archived: 'The conversation is archived.',
    moved: 'It changed in the meantime. Try again.',
    limited: 'That was too often. Try again in a moment.',
    overloaded: 'The server has too much to do right now. Try again in a moment.',
    unavailable: 'The server is not ready right now. Try again in a moment.',
    internal: 'The server made a mistake; it has been recorded.',
  },
};

export type Words = typeof words;
