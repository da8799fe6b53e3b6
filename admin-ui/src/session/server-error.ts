type Said = { code: string; message: string; fault?: string; retryAfter?: number; requestId?: string };

/** What the server refused or could not do: a code for us, its own sentence, whose fault it was, and what to quote. */
export class ServerError extends Error {
  readonly code: string;
  readonly fault: string;
  readonly requestId: string | undefined;

  constructor({ code, message, fault = 'ours', requestId }: Said) {
    super(message);
    this.code = code;
    this.fault = fault;
    this.requestId = requestId;
  }

  static noAnswer(cause: unknown): ServerError {
    const error = new ServerError({ code: 'unavailable', message: 'The server did not answer.', fault: 'nobodys' });
    error.cause = cause;
    return error;
  }
}
