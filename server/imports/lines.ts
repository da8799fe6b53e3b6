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

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads one line, or throws a `Fault` naming the first field that cannot be stored as it stands. Nothing is mended on the way in: a shortened
 * text or a guessed time would be believed later.
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
    topic: nameOf(fields, 'topic', limits.name).trim(),
    sender: nameOf(fields, 'sender', limits.name).trim(),
    to: to?.trim() ?? null,
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
  } catch (error) {
    throw new Fault(`not JSON: ${(error as Error).message.slice(0, 120)}`);
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
 * A name that may be missing. One that cannot be seen, or looks like another, would become a channel or a person as it
 * is.
 */
function nameOf(fields: Fields, name: string, cap: number): string {
  const value = textOf(fields, name, cap);
  const fault = value.trim() === '' ? null : faultOfName(value.trim());
  if (fault) throw new Fault(`${name}: ${fault}`);
  return value;
}

/** A text that says something. */
function wordOf(fields: Fields, name: string, cap: number, read = textOf): string {
  const value = read(fields, name, cap);
  if (value.trim() === '') throw new Fault(`${name}: missing or empty`);
  return value;
}

function timeOf(fields: Fields): number {
  const written = fields['ts'];
  if (typeof written !== 'string' || !instant.test(written))
    throw new Fault('ts: must be a time with its zone, as 2026-03-01T09:30:00Z');
  const at = Date.parse(written.replace(',', '.'));
  if (Number.isNaN(at)) throw new Fault('ts: is no day or hour of the calendar');
  if (at < 0) throw new Fault('ts: lies before 1970');
  // Talk from the future would stand above everything that is said today.
  if (at > Date.now() + 86_400_000) throw new Fault('ts: lies in the future');
  return at;
}

function namesOf(fields: Fields): string[] {
  const value = fields['mentions'];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string'))
    throw new Fault('mentions: must be a list of names');
  return value.slice(0, 50);
}
