import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Summary } from '@parley/protocol/conversations.ts';
import type { Person } from '@parley/protocol/people.ts';
import { allConversations, may, me } from '../parley.ts';
import { usePeopleSearch } from '../people/usePeopleSearch.ts';
import { openSearch } from '../search/address.ts';
import { ask } from '@parley/look/ask.ts';
import BrowseDialog from './BrowseDialog.vue';
import CreateDialog from './CreateDialog.vue';
import { openId } from './list.ts';
import { matches } from './matches.ts';
import { nameOf } from './names.ts';
import { openConversation, openDirect } from './open.ts';
import { isWaiting } from './sections.ts';
import { useChannels } from './useChannels.ts';

export type Destination = { key: string; name?: string; summary?: Summary; person?: Person; go: () => void };
type Group = { name: 'conversations' | 'people' | 'channels' | 'acts' | 'messages'; rows: Destination[] };

const toConversation = (summary: Summary): Destination => ({
  key: `c:${summary.conversation.id}`,
  summary,
  go: () => openConversation(summary.conversation.id),
});

/**
 * Where one can go for what is typed. Own conversations are searched on the device, at once and also without a line;
 * people and foreign channels follow when the server has answered.
 */
export function useDestinations() {
  const { t } = useI18n();
  const people = usePeopleSearch(8);
  const channels = may('channels.browse') ? useChannels(8) : null;
  const query = people.query;

  const own = computed(() => {
    const ranked = allConversations()
      .filter((row) => row.mine && row.conversation.id !== openId.value)
      .map((row) => ({ row, fit: matches(nameOf(row), query.value) }))
      .filter(({ fit }) => fit > 0);
    const worth = ({ row, fit }: (typeof ranked)[number]) =>
      fit * 1e15 + (isWaiting(row) ? 1e14 : 0) + (row.last?.at ?? 0);
    return ranked
      .sort((a, b) => worth(b) - worth(a))
      .slice(0, query.value ? 8 : 12)
      .map(({ row }) => row);
  });
  const toMessages = (asked: string): Destination => ({
    key: 'messages',
    name: t('switcher.search', { query: asked }),
    go: () => void openSearch(asked),
  });
  const groups = computed<Group[]>(() => {
    if (channels) channels.query.value = query.value;
    const asked = query.value.trim();
    const known = new Set(allConversations().map((row) => row.peerId));
    const strangers = asked
      ? people.found.value.filter(
          (person) => person.kind !== 'imported' && person.id !== me()?.id && !known.has(person.id),
        )
      : [];
    const foreign = asked ? (channels?.found.value ?? []).filter((row) => row.mine === null) : [];
    const acts = [
      { key: 'create', name: t('list.create'), go: () => void ask(CreateDialog) },
      { key: 'browse', name: t('list.browse'), go: () => void ask(BrowseDialog) },
    ].filter((act) => matches(act.name, asked) > 0);
    return (
      [
        { name: 'conversations', rows: own.value.map(toConversation) },
        {
          name: 'people',
          rows: strangers.map((person) => ({ key: `p:${person.id}`, person, go: () => void openDirect(person.id) })),
        },
        { name: 'channels', rows: foreign.map(toConversation) },
        { name: 'acts', rows: acts },
        { name: 'messages', rows: asked ? [toMessages(asked)] : [] },
      ] satisfies Group[]
    ).filter((group) => group.rows.length > 0);
  });
  const nothing = computed(
    () =>
      query.value.trim() !== '' &&
      groups.value.every((group) => group.name === 'messages') &&
      people.answered.value === query.value.trim(),
  );
  return { query, groups, nothing };
}
