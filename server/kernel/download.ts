import type { Permission } from '@parley/protocol/permissions.ts';

/**
 * An answer that is a file: its name, its type, what one needs to be handed it, and its text in pieces, read while it
 * is sent and only then.
 */
export class Download {
  readonly fileName: string;
  readonly type: string;
  /** Asked again before each piece. */
  readonly needs: readonly Permission[];
  readonly pieces: AsyncIterable<string>;

  constructor(fileName: string, type: string, needs: readonly Permission[], pieces: AsyncIterable<string>) {
    this.fileName = fileName;
    this.type = type;
    this.needs = needs;
    this.pieces = pieces;
  }
}
