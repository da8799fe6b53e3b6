import { productOfEntries } from './products.ts';

/*
 * What a file is by its first bytes, when it is no text: told by the numbers that its kind begins with, never by the
 * ending of its name.
 */

/** `unpack`: what it was packed by, and how to unpack it. Otherwise it is a document or a store of another program. */
export type Binary = { what: string; unpack?: string };

const bytes = (hex: string) => Buffer.from(hex, 'hex');

const signatures: [Buffer, Binary][] = [
  [bytes('28b52ffd'), { what: 'packed with zstd', unpack: 'unzstd' }],
  [bytes('fd377a585a00'), { what: 'packed with xz', unpack: 'unxz' }],
  [bytes('425a68'), { what: 'packed with bzip2', unpack: 'bunzip2' }],
  [bytes('04224d18'), { what: 'packed with lz4', unpack: 'lz4 -d' }],
  [bytes('4c5a4950'), { what: 'packed with lzip', unpack: 'lzip -d' }],
  [bytes('5d00008000'), { what: 'packed with lzma', unpack: 'unlzma' }],
  [bytes('5d00000004'), { what: 'packed with lzma', unpack: 'unlzma' }],
  [bytes('1f9d'), { what: 'packed with compress', unpack: 'uncompress' }],
  [bytes('ff060000734e61507059'), { what: 'packed with snappy', unpack: 'snzip -d' }],
  [bytes('377abcaf271c'), { what: 'a 7z archive', unpack: '7z x' }],
  [bytes('526172211a07'), { what: 'a RAR archive', unpack: 'unrar x' }],
  [bytes('4d534346'), { what: 'a CAB archive', unpack: 'cabextract' }],
  [Buffer.from('%PDF-'), { what: 'a PDF document' }],
  [Buffer.from('SQLite format 3\0'), { what: 'an SQLite database' }],
  [bytes('d0cf11e0a1b11ae1'), { what: 'an old Excel, Word or Outlook file' }],
  [Buffer.from('!BDN'), { what: 'an Outlook mailbox (PST), as Microsoft Purview exports Teams' }],
  [Buffer.from('PGDMP'), { what: 'a PostgreSQL dump' }],
  [Buffer.from('PAR1'), { what: 'a Parquet table' }],
  [bytes('4f626a01'), { what: 'an Avro file' }],
  [Buffer.from('{\\rtf'), { what: 'an RTF document' }],
  [bytes('89504e470d0a1a0a'), { what: 'a picture (PNG)' }],
  [bytes('ffd8ff'), { what: 'a picture (JPEG)' }],
  [Buffer.from('GIF8'), { what: 'a picture (GIF)' }],
  [bytes('7f454c46'), { what: 'a program' }],
  [Buffer.from('MZ\x90'), { what: 'a program' }],
  [Buffer.from('age-encryption.org/'), { what: 'encrypted with age', unpack: 'age -d' }],
  [Buffer.from('-----BEGIN PGP MESSAGE'), { what: 'encrypted with PGP', unpack: 'gpg -d' }],
  [Buffer.from('Salted__'), { what: 'encrypted with openssl', unpack: 'openssl enc -d' }],
];

export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;
export const isZip = (head: Buffer): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && [0x0304, 0x0506, 0x0708].includes(head.readUInt16BE(2));

/**
 * A kind of file that is no text, or null. `tail` are the file's last bytes, where a ZIP archive keeps the list of what
 * is in it.
 */
export function binaryOf(head: Buffer, tail: Buffer): Binary | null {
  if (head.length >= 4 && isZip(head)) return archive('a ZIP archive', 'unzip', entriesOfZip(tail));
  if (isTar(head)) return archive('a tar archive', 'tar -xf', entriesOfTar(head));
  // Frames of zstd that carry no content may stand first.
  if (head.length >= 4 && head[0]! >> 4 === 5 && head.subarray(1, 4).equals(bytes('2a4d18')))
    return { what: 'packed with zstd', unpack: 'unzstd' };
  return signatures.find(([start]) => head.subarray(0, start.length).equals(start))?.[1] ?? null;
}

/** An archive by what is in it: documents that are archives themselves are not to be unpacked. */
function archive(what: string, unpack: string, names: readonly string[]): Binary {
  const product = productOfEntries(names);
  if (product === null) return { what, unpack };
  return { what: `${product} (${what.replace(/^an? /, '')})` };
}

function entriesOfZip(tail: Buffer): string[] {
  const names: string[] = [];
  for (let at = tail.indexOf('PK\x01\x02', 0, 'latin1'); at !== -1 && at + 46 <= tail.length;) {
    names.push(tail.toString('utf8', at + 46, at + 46 + tail.readUInt16LE(at + 28)));
    at = tail.indexOf('PK\x01\x02', at + 46, 'latin1');
  }
  return names;
}

const block = 512;

/** A tar header says its own sum: old archives have no other mark. */
function isTar(head: Buffer, at = 0): boolean {
  if (head.length < at + block || head[at] === 0) return false;
  const said = Number.parseInt(
    head
      .toString('latin1', at + 148, at + 156)
      .replaceAll('\0', ' ')
      .trim(),
    8,
  );
  let sum = 8 * 32;
  for (let n = 0; n < block; n++) if (n < 148 || n >= 156) sum += head[at + n]!;
  return sum === said;
}

function entriesOfTar(head: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; isTar(head, at);) {
    names.push(
      head
        .toString('utf8', at, at + 100)
        .replace(/\0.*$/s, '')
        .replace(/^\.\//, ''),
    );
    const size =
      Number.parseInt(
        head
          .toString('latin1', at + 124, at + 136)
          .replaceAll('\0', ' ')
          .trim(),
        8,
      ) || 0;
    at += block + Math.ceil(size / block) * block;
  }
  return names;
}
