/** One way of doing the same thing, with what it cost in each round. */
export type Row = {
  name: string;
  /** The measure the benchmark is judged by, per round: CPU before wall clock, since a shared machine's clock says little. */
  cost: number[];
  /** What else was seen, per round. */
  also?: Record<string, number[]>;
};

/** A comparison inside one run; never compare figures of two runs or two machines. */
export type Ratio = { says: string; value: number; target: string; reached: boolean };

export type Result = {
  name: string;
  /** What was done, in a sentence or three: what is counted, what the floor is, what is equal for all. */
  how: string;
  /** The unit of `cost`. */
  unit: string;
  rows: Row[];
  ratios: Ratio[];
  /** Written by whoever runs it: when, where, on which commit, how many rounds. */
  measured?: { at: string; machine: string; commit: string; rounds: number };
};

/**
 * Runs all its ways interleaved, `rounds` times, each in processes of its own. Throws when a delivery, a row or an answer is lost or doubled.
 * `share` shrinks the world where that is worth while, for a quick try: 1 is the size the result speaks of.
 */
export type Benchmark = { name: string; run(rounds: number, share: number): Promise<Result> };

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const costOf = (rows: readonly Row[], name: string): number => {
  const row = rows.find((one) => one.name === name);
  if (!row) throw new Error(`there is no row ${name}`);
  return median(row.cost);
};

/** How many times cheaper `ours` is than `theirs`, and whether that is at least `target`. */
export function cheaper(rows: readonly Row[], ours: string, theirs: string, target: number): Ratio {
  const value = costOf(rows, theirs) / costOf(rows, ours);
  return { says: `${ours}: times cheaper than ${theirs}`, value, target: `≥ ${target}`, reached: value >= target };
}

/** How many times `base` one row costs, and whether that is at most `target`. */
export function times(rows: readonly Row[], ours: string, base: string, target: number): Ratio {
  const value = costOf(rows, ours) / costOf(rows, base);
  return { says: `${ours}: times ${base}`, value, target: `≤ ${target}`, reached: value <= target };
}

/** The median of something else that was seen, of one row over another's: `also` names it, as it stands above the column. */
export function ratioOf(
  rows: readonly Row[],
  {
    says,
    over,
    under,
    also,
    target,
    atLeast,
  }: {
    says: string;
    over: string;
    under: string;
    also: string;
    target: number;
    /** Whether more is better. */
    atLeast: boolean;
  },
): Ratio {
  const seen = (name: string) => median(rows.find((row) => row.name === name)!.also![also]!);
  const value = seen(over) / seen(under);
  return {
    says,
    value,
    target: `${atLeast ? '≥' : '≤'} ${target}`,
    reached: atLeast ? value >= target : value <= target,
  };
}

/** The value below which a share of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

export const figure = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** A result as a section of markdown: median and range of each row, then the ratios. */
export function asMarkdown({ name, how, unit, rows, ratios, measured }: Result): string {
  const others = [...new Set(rows.flatMap((row) => Object.keys(row.also ?? {})))];
  const cell = (values: number[] | undefined) =>
    values?.length ? `${figure(median(values))} [${figure(Math.min(...values))}–${figure(Math.max(...values))}]` : '';
  const lines = [
    `## ${name}`,
    '',
    how,
    '',
    ...(measured
      ? [`Measured ${measured.at} at commit ${measured.commit}, ${measured.rounds} rounds, on ${measured.machine}.`, '']
      : []),
    `| | ${[unit, ...others].join(' | ')} |`,
    `|---|${'---|'.repeat(others.length + 1)}`,
    ...rows.map(
      (row) => `| ${row.name} | ${[row.cost, ...others.map((other) => row.also?.[other])].map(cell).join(' | ')} |`,
    ),
    '',
    '| Ratio | here | target | |',
    '|---|---|---|---|',
    ...ratios.map(
      ({ says, value, target, reached }) =>
        `| ${says} | ${figure(value)} | ${target} | ${reached ? 'reached' : '**missed**'} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
