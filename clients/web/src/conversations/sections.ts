import type { Summary } from '@parley/protocol/conversations.ts';
import type { Order } from '../settings/preferences.ts';

export type SectionName = 'pinned' | 'unread' | 'recent' | 'channels' | 'people';
export type Section = { name: SectionName; rows: Summary[] };

const lastAt = (summary: Summary) => summary.last?.at ?? summary.conversation.createdAt;
const newestFirst = (a: Summary, b: Summary) =>
  lastAt(b) - lastAt(a) || (a.conversation.id < b.conversation.id ? 1 : -1);

/** Whether a conversation asks for attention: unread and not muted, or somebody named the reader. */
export const isWaiting = (summary: Summary) =>
  summary.mine !== null && (summary.mine.mentions > 0 || (!summary.mine.muted && summary.mine.unread > 0));

/**
 * The reader's list, in sections. `held` are conversations that stay among the unread although they have been read.
 * Archived ones show only while open.
 */
export function sectionsOf(
  all: readonly Summary[],
  order: Order,
  open: string | null,
  held: ReadonlySet<string>,
): Section[] {
  const rows = all
    .filter((row) => row.mine !== null && (row.conversation.archivedAt === null || row.conversation.id === open))
    .sort(newestFirst);
  const pinned = rows.filter((row) => row.mine!.pinned);
  const others = rows.filter((row) => !row.mine!.pinned);
  const parts: Record<Order, () => Section[]> = {
    recent: () => [{ name: 'recent', rows: others }],
    unread: () => {
      const waits = (row: Summary) => isWaiting(row) || held.has(row.conversation.id);
      return [
        { name: 'unread', rows: others.filter(waits) },
        { name: 'recent', rows: others.filter((row) => !waits(row)) },
      ];
    },
    kind: () => [
      { name: 'channels', rows: others.filter((row) => row.conversation.kind === 'channel') },
      { name: 'people', rows: others.filter((row) => row.conversation.kind !== 'channel') },
    ],
  };
  return [{ name: 'pinned' as const, rows: pinned }, ...parts[order]()].filter((section) => section.rows.length > 0);
}

/** The neighbour of `current` in the list as it is drawn; with `only`, the nearest one it accepts. Goes around at the ends. */
export function neighbour(
  sections: readonly Section[],
  current: string | null,
  step: 1 | -1,
  only: (row: Summary) => boolean = () => true,
): string | null {
  const ids = sections.flatMap((section) => section.rows);
  const at = ids.findIndex((row) => row.conversation.id === current);
  for (let i = 1; i <= ids.length; i++) {
    const from = at < 0 && step < 0 ? 0 : at;
    const row = ids[(((from + i * step) % ids.length) + ids.length) % ids.length]!;
    if (row.conversation.id !== current && only(row)) return row.conversation.id;
  }
  return null;
}
