import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Summary } from '@parley/protocol/conversations.ts';
import type { Person } from '@parley/protocol/people.ts';
import { folded } from '@parley/protocol/name-fold.ts';
import { allConversations, may, me, personOf } from '../parley.ts';
import { usePeopleSearch } from '../people/usePeopleSearch.ts';
import { openSearch } from '../search/address.ts';
import { ask } from '@parley/look/ask.ts';
import BrowseDialog from './BrowseDialog.vue';
import CreateDialog from './CreateDialog.vue';
import { openId } from './list.ts';
import { fitOf, middleLetters, rankOf } from './matches.ts';
import type { NameFit } from './matches.ts';
import { nameOf } from './names.ts';
import { openConversation, openDirect } from './open.ts';
import { isWaiting } from './sections.ts';
import { useChannels } from './useChannels.ts';
import { useSpelled } from './useSpelled.ts';

export type Destination = {
  key: string;
  /** What kind of thing it is, where its face does not say so. */
  kind?: 'channel' | 'act';
  name?: string;
  summary?: Summary;
  /** Who is shown with what they do: a person, or whom a direct conversation is with. */
  person?: Person;
  /** What stands before the @ of their address, where that matched. */
  address?: string | null;
  go: () => void;
};
type Group = { name: 'conversations' | 'results' | 'acts' | 'messages'; rows: Destination[] };
type Ranked = { to: Destination; fit: NameFit };

/** As many as one looks through before typing on. */
const maxResults = 12;

const toConversation = (summary: Summary): Destination => ({
  key: `c:${summary.conversation.id}`,
  summary,
  go: () => openConversation(summary.conversation.id),
});

/**
 * Where one can go for what is typed: the best match first, whatever it is; among equals own conversations, then people,
 * channels to look at, and acts. Own conversations are found on the device, at once and also offline. People, foreign
 * channels and what is spelled in pinyin follow when the server has answered.
 */
export function useDestinations() {
  const { t } = useI18n();
  const people = usePeopleSearch(12);
  const channels = may('channels.browse') ? useChannels(30) : null;
  const query = people.query;
  const spelled = useSpelled(query);

  const acts = computed<Destination[]>(() => [
    { key: 'create', kind: 'act', name: t('list.create'), go: () => void ask(CreateDialog) },
    { key: 'browse', kind: 'act', name: t('list.browse'), go: () => void ask(BrowseDialog) },
  ]);
  const toMessages = (asked: string): Destination => ({
    key: 'messages',
    name: t('switcher.search', { query: asked }),
    go: () => void openSearch(asked),
  });

  /** What the people the server found are found by, without middles of words of too few letters. */
  const peopleFound = computed(() =>
    people
      .foundFor(query.value.trim())
      .filter(({ id, fit }) => id !== me()?.id && (fit !== 'middle' || folded(query.value).length >= middleLetters)),
  );
  function ownFound(asked: string): Ranked[] {
    const bySpelling = new Set(spelled.of(asked));
    const byPerson = new Map(peopleFound.value.map((person) => [person.id, person]));
    const fitOfRow = (row: Summary): NameFit | null => {
      const found = row.peerId ? byPerson.get(row.peerId)?.fit : bySpelling.has(row.conversation.id) && 'spelling';
      const fits = [fitOf(nameOf(row), asked), found || null].filter((fit) => fit !== null);
      return fits.sort((a, b) => rankOf(a) - rankOf(b))[0] ?? null;
    };
    return ownNewestFirst().flatMap((row) => {
      const fit = fitOfRow(row);
      const person = row.peerId ? (byPerson.get(row.peerId) ?? personOf(row.peerId)) : undefined;
      const address = row.peerId ? (byPerson.get(row.peerId)?.address ?? null) : null;
      return fit === null ? [] : [{ to: { ...toConversation(row), ...(person ? { person, address } : {}) }, fit }];
    });
  }
  function results(asked: string): Destination[] {
    const known = new Set(allConversations().map((row) => row.peerId));
    const ranked: Ranked[] = [
      ...ownFound(asked),
      ...peopleFound.value
        .filter(({ id }) => !known.has(id))
        .map((person) => ({
          to: { key: `p:${person.id}`, person, address: person.address, go: () => void openDirect(person.id) },
          fit: person.fit,
        })),
      ...(channels?.found.value ?? [])
        .filter((row) => row.mine === null)
        .flatMap((row) => fitting({ ...toConversation(row), kind: 'channel' }, nameOf(row), asked)),
      ...acts.value.flatMap((act) => fitting(act, act.name!, asked)),
    ];
    // The sort keeps the order of equals.
    return ranked
      .sort((a, b) => rankOf(a.fit) - rankOf(b.fit))
      .slice(0, maxResults)
      .map(({ to }) => to);
  }
  const groups = computed<Group[]>(() => {
    if (channels) channels.query.value = query.value;
    const asked = query.value.trim();
    const all: Group[] = asked
      ? [
          { name: 'results', rows: results(asked) },
          { name: 'messages', rows: [toMessages(asked)] },
        ]
      : [
          { name: 'conversations', rows: ownNewestFirst().slice(0, maxResults).map(toConversation) },
          { name: 'acts', rows: acts.value },
        ];
    return all.filter((group) => group.rows.length > 0);
  });
  const nothing = computed(
    () =>
      query.value.trim() !== '' &&
      groups.value.every((group) => group.name === 'messages') &&
      people.answered.value === query.value.trim(),
  );
  return { query, groups, nothing };
}

/** Own conversations but the open one: what waits for the reader, then by what was said last. */
const ownNewestFirst = (): Summary[] =>
  allConversations()
    .filter((row) => row.mine && row.conversation.id !== openId.value)
    .sort((a, b) => Number(isWaiting(b)) - Number(isWaiting(a)) || (b.last?.at ?? 0) - (a.last?.at ?? 0));

function fitting(to: Destination, name: string, asked: string): Ranked[] {
  const fit = fitOf(name, asked);
  return fit === null ? [] : [{ to, fit }];
}
