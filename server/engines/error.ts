/**
 * What goes wrong with the embedded engines, said so that an operator can act on it.
 * `code` is for machines, the message is a sentence for people, `fault` says who can mend it:
 * 'operator' (settings, permissions, disk), 'machine' (the platform lacks something) or 'ours'.
 */
export class EngineError extends Error {
  readonly code: string;
  readonly fault: 'operator' | 'machine' | 'ours';

  constructor(code: string, sentence: string, fault: 'operator' | 'machine' | 'ours', cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.code = code;
    this.fault = fault;
  }
}
