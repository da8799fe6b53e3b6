/** Days and hours of the demo's office, counted back from a moment: its month always ends now. Times are the machine's own. */
const minute = 60_000;

/** The moment of `when`: "12 09:30" is half past nine twelve working days ago, "now-40" forty minutes ago. */
export function momentOf(when: string, now: number): number {
  const before = /^now-(\d+)$/.exec(when);
  if (before) return now - Number(before[1]) * minute;
  const [, days, hour, minutes] = /^(\d+) (\d\d):(\d\d)$/.exec(when) ?? fail(when);
  const day = new Date(now);
  for (let left = Number(days); left > 0;) {
    day.setDate(day.getDate() - 1);
    if (day.getDay() !== 0 && day.getDay() !== 6) left--;
  }
  return day.setHours(Number(hour), Number(minutes), 0, 0);
}

function fail(when: string): never {
  throw new Error(`"${when}" is no moment of the demo`);
}

/** Numbers from 0 to 1 that look like chance and are the same every time (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
