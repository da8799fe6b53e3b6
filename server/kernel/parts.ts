/** The name of a long-lived thing a module needs at run time (a lane, a limiter): declared in the module, installed once by `app.ts`. */
export type PartKey<T> = { readonly name: string; readonly of?: T };

export const partKey = <T>(name: string): PartKey<T> => ({ name });

/** The long-lived things of one running house. Asking for one that was never installed is a wiring mistake and throws. */
export class Parts {
  readonly #installed = new Map<PartKey<unknown>, unknown>();

  install<T>(key: PartKey<T>, part: T): T {
    if (this.#installed.has(key)) throw new Error(`${key.name} is installed twice`);
    this.#installed.set(key, part);
    return part;
  }

  /** The part, or undefined where a house is built without it. */
  find<T>(key: PartKey<T>): T | undefined {
    return this.#installed.get(key) as T | undefined;
  }

  use<T>(key: PartKey<T>): T {
    const part = this.#installed.get(key);
    if (part === undefined) throw new Error(`${key.name} is used but app.ts never installed it`);
    return part as T;
  }
}
