/** An answer that is already JSON text: doors pass it through to the wire unparsed. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
