import { shapeOf, type Shape } from './json-shape.ts';

/*
 * Which product's export a text is, told from the names it uses for its fields, from its columns, or from how its lines
 * begin. Only for a sentence to the operator: nothing is imported by what is found here.
 */

/** Products whose JSON is known by its fields: the first whose test holds names it. */
const byFields: [string, (shape: Shape, text: string) => boolean][] = [
  [
    'a Mattermost bulk export',
    ({ fields: [outer] }, text) =>
      outer!.has('type') &&
      ['version', 'team', 'channel', 'post', 'direct_channel', 'direct_post', 'emoji', 'scheme'].some((name) =>
        new RegExp(`"type"\\s*:\\s*"${name}"`).test(text),
      ),
  ],
  ['a Zulip export', ({ fields: [outer] }) => [...outer!].some((name) => name.startsWith('zerver_'))],
  ['a Slack export', ({ fields: [outer] }, text) => isSlack(outer!, text)],
  ['a Rocket.Chat export', ({ fields: [outer] }) => has(outer!, '_id', 'rid', 'msg')],
  [
    'a Microsoft Teams export',
    ({ fields: [outer, inner] }) =>
      has(outer!, 'exportDate', 'conversations') ||
      [outer!, inner!].some((names) => has(names, 'messageType', 'createdDateTime')),
  ],
  [
    'a Telegram export',
    ({ fields: [outer, inner, third] }) =>
      (has(outer!, 'messages', 'type') && has(inner!, 'date', 'from')) || (has(outer!, 'chats') && third!.size > 0),
  ],
  [
    'a Discord export',
    ({ fields: [outer] }) => has(outer!, 'guild', 'channel') || has(outer!, 'ID', 'Timestamp', 'Contents'),
  ],
  ['a Messenger export', ({ fields: [, inner] }) => has(inner!, 'sender_name', 'timestamp_ms')],
  ['a Google Chat export', ({ fields: [, inner] }) => has(inner!, 'creator', 'created_date')],
  [
    'a Matrix (Element) export',
    ({ fields: [outer, inner] }) => [outer!, inner!].some((names) => has(names, 'event_id', 'origin_server_ts')),
  ],
  [
    'a HipChat export',
    ({ fields: [outer] }) =>
      ['UserMessage', 'PrivateUserMessage', 'NotificationMessage'].some((name) => outer!.has(name)),
  ],
  ['a Gitter export', ({ fields: [outer] }) => has(outer!, 'sent', 'fromUser')],
  [
    'a Feishu (Lark) export',
    ({ fields: [outer, inner, third] }) =>
      [outer!, inner!, third!].some((names) => has(names, 'message_id', 'chat_id', 'create_time')),
  ],
  ['a WeCom archive', ({ fields: [outer] }) => has(outer!, 'msgid', 'tolist', 'msgtime')],
];

const has = (names: ReadonlySet<string>, ...wanted: string[]) => wanted.every((name) => names.has(name));

const isSlack = (outer: ReadonlySet<string>, text: string) =>
  (outer.has('ts') && /"ts"\s*:\s*"\d{9,10}\.\d{6}"/.test(text)) ||
  has(outer, 'team_id', 'real_name') ||
  (has(outer, 'id', 'created', 'members') && /"id"\s*:\s*"[CDG][0-9A-Z]{6,}"/.test(text));

/** The product whose export this JSON is, or null. */
export function productOfJson(text: string): string | null {
  const shape = shapeOf(text);
  return shape && (byFields.find(([, is]) => is(shape, text))?.[0] ?? null);
}

/** Products and kinds of files known by how their first lines begin, in text that is no JSON. */
const byLines: [string, (lines: readonly string[]) => boolean][] = [
  ['a WhatsApp export', most(/^\u200e?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? .{4,16}?(\]| -) [^:]{1,80}: /u)],
  ['an IRC log', most(/^\[?(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d(:\d\d)?\]?\s+(<[^>]{1,40}>|\*|-!-|===)/)],
  ['a QQ message record', (lines) => lines.some((line) => line.startsWith('消息记录'))],
  ['a Telegram export', (lines) => isHtml(lines) && lines.some((line) => line.includes('Exported Data'))],
  ['a Discord export', (lines) => isHtml(lines) && lines.some((line) => line.includes('DiscordChatExporter'))],
  ['a Slack member list', ([header]) => /(^|,)"?billing-active"?(,|$)/.test(header!)],
  ['a Mattermost compliance export', ([header]) => /^"?Post Creation Time"?,/.test(header!)],
  ['a Discord export', ([header]) => /^"?AuthorID"?,/.test(header!)],
  ['a Rocket.Chat list of rooms', most(/^"?[^",]+"?,\s*"?[^",]+"?,\s*"?(public|private|direct)"?(,|$)/)],
  ['a Rocket.Chat list of messages', most(/^"?[^",]+"?,\s*("?[^",]+"?,\s*)?"?\d{13}"?,/)],
  ['a Rocket.Chat list of users', most(/^"?[^",@]+"?,\s*"?[^",@\s]+@[^",\s]+"?,\s*"?[^",]+"?$/)],
];

function most(pattern: RegExp): (lines: readonly string[]) => boolean {
  return (lines) => lines.filter((line) => pattern.test(line)).length * 2 > lines.length;
}

const isHtml = ([first]: readonly string[]) => /^\s*<(!doctype html|html)/i.test(first!);

/** What a text is that has no line of JSON: a product's export, or a kind of file; null when it is just text. */
export function productOfText(text: string): string | null {
  const lines = text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '')
    .slice(0, 40);
  if (lines.length === 0) return null;
  return byLines.find(([, is]) => is(lines))?.[0] ?? kindOf(lines);
}

function kindOf(lines: readonly string[]): string | null {
  const [first] = lines as [string];
  if (isHtml(lines)) return 'a web page (HTML)';
  if (/^\s*<[?!a-z]/i.test(first)) return 'an XML file';
  if (/^From \S+ .*\d{4}/.test(first) || /^(Return-Path|Received|Message-ID|MIME-Version|Delivered-To): /i.test(first))
    return 'a mailbox';
  if (first.trim() === '---' || first.startsWith('%YAML')) return 'a YAML file';
  if (/^-- (PostgreSQL|MySQL|MariaDB)|^(CREATE TABLE|INSERT INTO|BEGIN;)/i.test(first)) return 'an SQL script';
  for (const [sign, name] of [
    ['\t', 'a table (tab-separated)'],
    [',', 'a table (CSV)'],
    [';', 'a table (CSV)'],
  ] as const) {
    const columns = first.split(sign).length;
    if (columns > 1 && !/^\s*[{[]/.test(first) && lines.filter((line) => line.includes(sign)).length * 2 > lines.length)
      return name;
  }
  return null;
}

/** Products known by the names of the files in their archive. */
const byEntries: [string, (names: readonly string[]) => boolean][] = [
  ['an Excel workbook', some(/^xl\/workbook\.(xml|bin)$/)],
  ['a Word document', some(/^word\/document\.xml$/)],
  ['an OpenDocument file', (names) => names.includes('mimetype') && names.includes('content.xml')],
  ['a Zulip export', some(/(^|\/)(realm\.json|messages-\d{6}\.json(\.partial)?)$/)],
  ['a Google Chat export', some(/(^|\/)Google Chat\//)],
  ['a Discord export', some(/(^|\/)messages\/c?\d{15,}\/(channel|messages)\./i)],
  ['a Telegram export', some(/(^|\/)result\.json$|(^|\/)messages\d*\.html$/)],
  ['a WhatsApp export', some(/(^|\/)_chat\.txt$|(^|\/)WhatsApp[^/]*\.txt$/i)],
  ['a Rocket.Chat export', some(/(^|\/)(channels|rooms|users)\.csv$|(^|\/)rocketchat_/i)],
  ['a Slack export', (names) => isSlackArchive(names)],
  ['a Mattermost bulk export', (names) => some(/(^|\/)[^/]*import[^/]*\.jsonl$/)(names) || isBulk(names)],
  ['a Microsoft Teams export', some(/(^|\/)endpoints\.json$|(^|\/)[^/]*teams[^/]*\.(json|html|csv)$/i)],
];

function some(pattern: RegExp): (names: readonly string[]) => boolean {
  return (names) => names.some((name) => pattern.test(name));
}

const isSlackArchive = (names: readonly string[]) =>
  (some(/(^|\/)users\.json$/)(names) && some(/(^|\/)(channels|groups|dms|mpims)\.json$/)(names)) ||
  some(/^[CDG][0-9A-Z]{6,}(-\d+\.\d{6})?\.json$/)(names) ||
  some(/\/\d{4}-\d\d-\d\d\.json$/)(names);

const isBulk = (names: readonly string[]) =>
  names.filter((name) => name.endsWith('.jsonl')).length === 1 && some(/^(data|attachments)\//)(names);

/** The product whose export an archive with these entries is, or null. */
export const productOfEntries = (names: readonly string[]): string | null =>
  byEntries.find(([, is]) => is(names))?.[0] ?? null;
