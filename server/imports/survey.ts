import { ImportError, readSlices } from './files.ts';
import { Fault, readLine, type Line } from './lines.ts';

/** Somebody who speaks in the file. The nameless are one person of the source. */
export type Speaker = { key: string; name: string; bot: boolean; firstAt: number };
/** A channel of the file, or a talk between two (`between` names them, and only they will see it). */
export type Place = { key: string; name: string; between: [string, string] | null; topics: boolean; firstAt: number };
export type Problem = { line: number; what: string };

/** All that must be known of a file before its first message is stored. */
export type Survey = {
  messages: number;
  /** Lines that hold anything. */
  lines: number;
  malformed: number;
  /** The first of the malformed lines. */
  problems: Problem[];
  speakers: Map<string, Speaker>;
  places: Map<string, Place>;
  /** Ids of messages that others answer: only their places need remembering. */
  answered: Set<string>;
};

export const shownProblems = 20;

export const keyOfSpeaker = (name: string): string => (name === '' ? 'unknown' : `person/${name}`);
export const keyOfPlace = (line: Line): string =>
  line.to === null ? `channel/${line.channel}` : `direct/${JSON.stringify([line.sender, line.to].sort())}`;

/**
 * Reads the whole file once without storing anything. So people and channels are created before anybody speaks, a mention of somebody who speaks
 * only later is still found, stopping and going on gives what one run would have given, and a strict import refuses before it has begun.
 */
export async function survey(
  file: string,
  source: string,
  options: { strict?: boolean; signal?: AbortSignal; onProgress?: (bytes: number) => void },
): Promise<Survey> {
  const found: Survey = {
    messages: 0,
    lines: 0,
    malformed: 0,
    problems: [],
    speakers: new Map(),
    places: new Map(),
    answered: new Set(),
  };
  for await (const slice of readSlices(file)) {
    if (options.signal?.aborted) break;
    for (const raw of slice.lines) {
      const line = tryLine(raw, (what) => {
        found.malformed++;
        if (found.problems.length < shownProblems) found.problems.push({ line: raw.number, what });
        if (options.strict)
          throw new ImportError(
            `Line ${raw.number} of ${file} is malformed (${what}). Nothing was imported: --strict refuses a file with such a line.`,
          );
      });
      if (line) note(found, source, line);
    }
    found.lines += slice.lines.length;
    options.onProgress?.(slice.bytes);
  }
  return found;
}

/** The line, or null after telling what is wrong with it. */
export function tryLine(
  raw: { number: number; text: string | null; wrong?: string },
  wrong: (what: string) => void,
): Line | null {
  if (raw.text === null) {
    wrong(raw.wrong!);
    return null;
  }
  try {
    return readLine(raw.number, raw.text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    wrong(error.message);
    return null;
  }
}

function note(found: Survey, source: string, line: Line): void {
  found.messages++;
  noteSpeaker(found, source, line.sender, line.at, line.bot);
  if (line.to !== null) noteSpeaker(found, source, line.to, line.at, false);
  const key = keyOfPlace(line);
  let place = found.places.get(key);
  if (!place) {
    place = {
      key,
      name: line.channel,
      between: line.to === null ? null : [line.sender, line.to],
      topics: false,
      firstAt: line.at,
    };
    found.places.set(key, place);
  }
  if (line.at < place.firstAt) place.firstAt = line.at;
  if (line.topic !== '' && line.to === null) place.topics = true;
  for (const parent of line.parents) found.answered.add(parent);
}

function noteSpeaker(found: Survey, source: string, name: string, at: number, bot: boolean): void {
  const key = keyOfSpeaker(name);
  const known = found.speakers.get(key);
  if (!known) found.speakers.set(key, { key, name: name || `Unknown (${source})`, bot, firstAt: at });
  else {
    if (bot) known.bot = true;
    if (at < known.firstAt) known.firstAt = at;
  }
}
