import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { narrowEncodingOf, wideEncodingOf, type Encoding } from './encodings.ts';
import { ImportError, isNamedPacked, notUtf8, unreadable } from './files.ts';
import { binaryOf, isGzip } from './formats.ts';
import { Fault, readLine } from './lines.ts';
import { productOfJson, productOfText } from './products.ts';

/*
 * A look at the beginning of a file before anything is read of it or stored: what is no text in lines of JSON is
 * refused as a whole, in one sentence that says what it looks like and what to do. A file that holds one line import
 * can read is never refused here.
 */

const looked = 256 * 1024;
const advice = 'docs/operating.md, "Importing history", tells what such lines hold';

/** Refuses, with an `ImportError`, a file that import cannot read whatever its lines say. */
export async function refuseForeign(file: string): Promise<void> {
  const { head, tail, isPacked } = await readEnds(file);
  const binary = isPacked ? binaryOf(head, Buffer.alloc(0)) : binaryOf(head, tail);
  const inside = isPacked ? `${file}, unpacked,` : file;
  if (binary)
    throw new ImportError(
      binary.unpack
        ? `${inside} is ${binary.what}, which import does not read: unpack it (${binary.unpack}) and import the lines of JSON in it.`
        : `${inside} is ${binary.what}: this format is not supported yet, so convert it to lines of JSON first (${advice}).`,
    );
  if (!isPacked && isNamedPacked(file) && head.length > 0)
    throw new ImportError(
      `${file} is not packed as its name says: name it without .gz, or fetch it again if it is damaged.`,
    );
  if (isPacked && !isNamedPacked(file))
    throw new ImportError(
      `${file} is packed with gzip, and its name does not say so: name it ${path.basename(file)}.gz.`,
    );
  if (isPacked && isGzip(head))
    throw new ImportError(`${file} is packed with gzip twice: unpack it once (gunzip) and import what comes out.`);
  const wide = wideEncodingOf(head);
  if (wide) throw new ImportError(inAnotherEncoding(inside, wide));
  const text = textOf(head);
  if (text.trim() === '' && head.length < looked)
    throw new ImportError(
      `${inside} ${text === '' ? 'is empty' : 'holds empty lines only'}: there is nothing to import.`,
    );
  const sentence = documentOfLines(inside, text) ?? (holdsMessage(text) ? null : foreignText(inside, text));
  if (sentence) throw new ImportError(sentence);
}

/** Why none of a file's lines could be read, as one sentence; asked when the whole of it has been looked through. */
export async function sayUnreadable(
  file: string,
  lines: number,
  first: { line: number; what: string },
): Promise<string> {
  const { head } = await readEnds(file);
  if (head.subarray(0, 8_192).includes(0))
    return `${file} is no text: if it is packed, unpack it, and otherwise convert it to lines of JSON first (${advice}).`;
  if (first.what === notUtf8) return inAnotherEncoding(file, narrowEncodingOf(wholeLines(head)));
  const which =
    lines === 1 ? `The only line of ${file} cannot` : `None of the ${lines.toLocaleString('en')} lines of ${file} can`;
  return `${which} be imported (line ${first.line}: ${first.what}), and ${advice}.`;
}

/** Without the line that the end of the head may have cut, perhaps in the middle of a character. */
const wholeLines = (head: Buffer) => (head.length < looked ? head : head.subarray(0, head.lastIndexOf(10) + 1));

function inAnotherEncoding(file: string, encoding: Encoding | null): string {
  const { name, iconv } = encoding ?? { name: 'another encoding', iconv: 'ITS-ENCODING' };
  const shell = name === 'UTF-16' ? ', or in PowerShell with Out-File -Encoding utf8' : '';
  return `${file} is written in ${name}, and import reads UTF-8: save it as UTF-8, for example with iconv -f ${iconv} -t UTF-8${shell}.`;
}

type Ends = { head: Buffer; tail: Buffer; isPacked: boolean };

/** The file's first bytes, unpacked if they are packed, and its last ones as they are stored. */
async function readEnds(file: string): Promise<Ends> {
  const { stored, tail } = await storedEnds(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (!isGzip(stored)) return { head: stored, tail, isPacked: false };
  return { head: await unpackedHead(file), tail, isPacked: true };
}

async function storedEnds(file: string): Promise<{ stored: Buffer; tail: Buffer }> {
  const { size, ...kind } = await stat(file).then((found) => ({
    size: found.size,
    isFile: found.isFile(),
    isDirectory: found.isDirectory(),
  }));
  if (kind.isDirectory) throw new ImportError(`${file} is a directory; name the files in it.`);
  if (!kind.isFile)
    throw new ImportError(`${file} is no file on a disk, and import reads it twice: write it to a file first.`);
  const handle = await open(file);
  try {
    const read = async (from: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(looked, size)), 0, undefined, from);
      return buffer.subarray(0, bytesRead);
    };
    return { stored: await read(0), tail: await read(Math.max(0, size - looked)) };
  } finally {
    await handle.close();
  }
}

/** What is damaged is told when the file is read: here its beginning is enough. */
async function unpackedHead(file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let held = 0;
  const stored = createReadStream(file);
  const unpacking = stored.pipe(createGunzip());
  stored.on('error', (error) => unpacking.destroy(error));
  try {
    for await (const part of unpacking) {
      parts.push(part as Buffer);
      held += (part as Buffer).length;
      if (held >= looked) break;
    }
  } catch (error) {
    if (held === 0) throw unreadable(file, error);
  } finally {
    stored.destroy();
  }
  return Buffer.concat(parts).subarray(0, looked);
}

/** The head as text, without a mark of its encoding. Signs that are cut or wrong become replacement signs. */
const textOf = (head: Buffer) => head.toString('utf8').replace(/^\uFEFF/, '');

/** Whether one of the lines that lie whole in the text is a message. */
function holdsMessage(text: string): boolean {
  return text.split('\n').some((line, number) => {
    try {
      readLine(number + 1, line);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return false;
    }
  });
}

/**
 * One JSON value with a message a line, such as an array: its last line alone would read as a message, for want of a
 * comma behind it.
 */
function documentOfLines(file: string, text: string): string | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (!opensDocument.test(lines[0]!) || !lines.some((line) => /^\s*\{.*\},\s*$/.test(line))) return null;
  return productOfJson(text) ? null : asLines(file, lines[0]!);
}

const opensDocument = /^\s*(\[|\{)\s*("[^"]*"\s*:\s*[[{]\s*|\{.*\},\s*)?$/;

const asLines = (file: string, first: string) =>
  first.trimStart().startsWith('[')
    ? `${file} is one JSON array, and import reads one object a line: write its members as lines, for example with jq -c '.[]' (${advice}).`
    : `${file} is JSON broken over several lines, and import reads one object a line: write each message as a line, for example with jq -c . (${advice}).`;

function foreignText(file: string, text: string): string | null {
  const product = productOfJson(text);
  if (product) return isNotSupported(file, product);
  if (/^\s*\[\s*\]\s*$/.test(text))
    return slackLists.test(file)
      ? isNotSupported(file, 'an empty list of a Slack export')
      : `${file} is an empty JSON array: there is nothing to import.`;
  const [first = ''] = text.trimStart().split('\n', 1);
  if (/^\[\s*(\{|$)/.test(first) && (!isJson(first) || text.trim() === first.trim())) return asLines(file, first);
  if (/^\{\s*("[^"]*"\s*:\s*([[{]\s*|"[^"]*"\s*,?\s*|[\w.-]+\s*,?\s*))?$/.test(first) && !isJson(first))
    return asLines(file, first);
  if (/\}\s*\r\s*\{/.test(text) && !text.includes('\n'))
    return `${file} ends its lines with a carriage return alone, as very old Macintoshes did: give it line feeds, for example with tr '\\r' '\\n'.`;
  if (/^\s*(\{|\[\s*["{[])/.test(text)) return null;
  const other = productOfText(text);
  return other && isNotSupported(file, other);
}

const isNotSupported = (file: string, what: string) =>
  `${file} looks like ${what}: this format is not supported yet, so convert it to lines of JSON first (${advice}).`;

/** A part of a Slack export may be an empty list, which only its name tells. */
const slackLists = /(^|[/\\])(channels|groups|dms|mpims|users)\.json$/;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
