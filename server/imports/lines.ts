import { limits } from '@parley/protocol/limits.ts';
import { faultOfName } from '@parley/protocol/words.ts';

/** One message as the file tells it. `parents` are ids it answers, the surest first; `to` names the other party of a talk between two. */
export type Line = {
  number: number;
  id: string;
  at: number;
  channel: string;
  topic: string;
  sender: string;
  to: string | null;
  text: string;
  bot: boolean;
  parents: string[];
  mentions: string[];
};

/** What is wrong with a line, in words its author can act on. */
export class Fault extends Error {}

const instant = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:Z|([+-])(\d\d):?(\d\d))$/;

/**
 * Reads one line, or throws a `Fault` naming the first field that cannot be stored as it stands. Nothing is mended on
 * the way in, as a shortened text or a guessed time would be believed later; except that names of people, channels
 * and topics arrive composed (NFC) and without outer spaces, as at every other door, so that two spellings of one are
 * one.
 */
export function readLine(number: number, written: string): Line {
  const fields = parse(written);
  const id = wordOf(fields, 'id', 64);
  const at = timeOf(fields);
  const to = fields['to'] === undefined || fields['to'] === '' ? null : wordOf(fields, 'to', limits.name, nameOf);
  return {
    number,
    id,
    at,
    channel: to === null ? wordOf(fields, 'channel', limits.name, nameOf) : '',
    topic: nameOf(fields, 'topic', limits.name),
    sender: nameOf(fields, 'sender', limits.name),
    to,
    text: wordOf(fields, 'text', limits.body),
    bot: fields['bot'] === true,
    parents: ['thread', 'reply_to']
      .map((name) => textOf(fields, name, 64))
      .filter((parent) => parent !== '' && parent !== id),
    mentions: namesOf(fields),
  };
}

type Fields = Record<string, unknown>;

function parse(written: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    const isCut = /^\s*\{/.test(written) && !/\}\s*$/.test(written);
    throw new Fault(isCut ? 'not JSON: it has no end' : 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Fault('not an object');
  return value as Fields;
}

/** A text that may be missing or empty. */
function textOf(fields: Fields, name: string, cap: number): string {
  const value = fields[name] ?? '';
  if (typeof value !== 'string') throw new Fault(`${name}: must be a text`);
  if (value.length > cap) throw new Fault(`${name}: longer than ${cap.toLocaleString('en')} characters`);
  if (value.includes('\0') || !value.isWellFormed()) throw new Fault(`${name}: holds characters that cannot be stored`);
  return value;
}

/**
 * A name that may be missing. One that cannot be seen, or that turns the writing, would become a channel or a person as
 * it is.
 */
function nameOf(fields: Fields, name: string, cap: number): string {
  const called = textOf(fields, name, cap).normalize('NFC').trim();
  if (called.length > cap) throw new Fault(`${name}: longer than ${cap.toLocaleString('en')} characters`);
  const fault = called === '' ? null : faultOfName(called);
  if (fault) throw new Fault(`${name}: ${fault}`);
  return called;
}

/** A text that says something. */
function wordOf(fields: Fields, name: string, cap: number, read = textOf): string {
  const value = read(fields, name, cap);
  if (value.trim() === '') throw new Fault(`${name}: missing or empty`);
  return value;
}

function timeOf(fields: Fields): number {
  const written = fields['ts'];
  const parts = typeof written === 'string' ? instant.exec(written) : null;
  if (!parts) throw new Fault('ts: must be a time with its zone, as 2026-03-01T09:30:00Z');
  const at = instantOf(parts);
  if (at === null) throw new Fault('ts: is no day or hour of the calendar');
  if (at < 0) throw new Fault('ts: lies before 1970');
  // Talk from the future would stand above everything that is said today.
  if (at > Date.now() + 86_400_000) throw new Fault('ts: lies in the future');
  return at;
}

/**
 * The moment that was written, or null where no calendar has it. `Date` would move 30 February to 2 March. Midnight may
 * be written as 24:00 of the day that ends.
 */
function instantOf(parts: RegExpExecArray): number | null {
  const [year, month, day, hour, minute] = parts.slice(1, 6).map(Number) as [number, number, number, number, number];
  const second = Number(parts[6] ?? 0);
  const millisecond = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return null;
  if (hour > 24 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return null;
  if (hour === 24 && (minute > 0 || second > 0 || Number(parts[7] ?? 0) > 0)) return null;
  const offset = (parts[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  // `Date.UTC` takes years below 100 for those of the twentieth century; all of them lie before 1970 anyway.
  return Date.UTC(Math.max(year, 100), month - 1, day, hour, minute - offset, second, millisecond);
}

const daysOf = (year: number, month: number) => new Date(Date.UTC(Math.max(year, 100), month, 0)).getUTCDate();

function namesOf(fields: Fields): string[] {
  const value = fields['mentions'];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string'))
    throw new Fault('mentions: must be a list of names');
  return value.slice(0, 50).map((name) => name.normalize('NFC').trim());
}
