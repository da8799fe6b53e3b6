import { readdirSync, readFileSync } from 'node:fs';
import { chance, momentOf } from './calendar.ts';

/** One thing said in the demo company. `answers` is the place of the message it answers in the whole list. */
export type Said = {
  conversation: string;
  who: string;
  at: number;
  text: string;
  topic: string;
  answers: number | null;
};

const folder = new URL('talk/', import.meta.url);

/**
 * Reads everything the demo company ever said, in order of time. A script reads as a play does:
 *
 *     @@ general             where (two keys joined by + are a direct conversation)
 *     == 12 09:30            when: working days ago and hour, or "now-40"
 *     # Date of the launch   the topic, where there are topics
 *     tom: Good morning      who says what; further lines belong to it; "tom +20:" says it twenty minutes later
 *     -> ben: Morning!       an answer to the last message that is none
 */
export function readTalk(people: ReadonlySet<string>, now: number): Said[] {
  const said: Said[] = [];
  for (const name of readdirSync(folder).sort())
    readScript(readFileSync(new URL(name, folder), 'utf8'), people, now, said);
  const order = said.map((_, index) => index).sort((a, b) => said[a]!.at - said[b]!.at || a - b);
  const placeOf = new Map(order.map((index, place) => [index, place]));
  return order.map((index) => ({
    ...said[index]!,
    answers: said[index]!.answers === null ? null : placeOf.get(said[index]!.answers)!,
  }));
}

function readScript(script: string, people: ReadonlySet<string>, now: number, said: Said[]): void {
  const random = chance(script.length);
  let conversation = '';
  let topic = '';
  let at = 0;
  let root = -1;
  for (const line of script.split('\n')) {
    const [, mark, rest] = /^(@@|==|#) (.*)$/.exec(line) ?? [];
    const [, answer, who, later, text] = /^(-> )?([a-z]+)(?: \+(\d+))?: (.*)$/.exec(line) ?? [];
    if (mark === '@@') conversation = rest!;
    else if (mark === '==') {
      at = momentOf(rest!, now);
      topic = '';
    } else if (mark === '#') topic = rest!;
    else if (who && people.has(who)) {
      at += later ? Number(later) * 60_000 : 0;
      said.push({ conversation, who, at: Math.min(at, now), text: text!, topic, answers: answer ? root : null });
      if (!answer) root = said.length - 1;
      at += Math.round(20_000 + text!.length * 350 + random() * 70_000);
    } else if (said.length > 0) said.at(-1)!.text += `\n${line}`;
  }
  for (const one of said) one.text = one.text.trimEnd();
}
