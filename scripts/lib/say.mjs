/** Sentences for whoever waits at the terminal. On stderr, so that a script's own output stays clean. */
export const say = (sentence) => void process.stderr.write(`${sentence}\n`);

/** Says what takes long, and every fifteen seconds that it is still going on. Returns how to end that. */
export function sayWhile(sentence) {
  say(`${sentence} …`);
  const since = Date.now();
  const timer = setInterval(() => say(`  still at it (${Math.round((Date.now() - since) / 1000)} s)`), 15_000);
  return () => clearInterval(timer);
}

/** Ends the launcher with a sentence that says what to do. */
export function giveUp(sentence) {
  say(sentence);
  process.exit(1);
}
