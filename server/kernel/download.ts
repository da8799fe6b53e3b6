/** An answer that is a file: its name, its type, and its text in pieces, read while it is sent and only then. */
export class Download {
  readonly fileName: string;
  readonly type: string;
  readonly pieces: AsyncIterable<string>;

  constructor(fileName: string, type: string, pieces: AsyncIterable<string>) {
    this.fileName = fileName;
    this.type = type;
    this.pieces = pieces;
  }
}
