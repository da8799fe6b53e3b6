/** A body as one line for lists and announcements: mentions by name, Markdown's signs left out. */
export function plainText(body: string, nameOf: (id: string) => string, cap = 160): string {
  return body
    .slice(0, cap * 4)
    .replace(/<@([0-9a-f-]{36})>/g, (_, id: string) => `@${nameOf(id)}`)
    .replace(/^\s*(```|~~~)[^\n]*$/gm, '')
    .replace(/!?\[([^\]\n]*)\]\([^)\s]*\)/g, '$1')
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replace(/(\*\*|__|~~|`)(?=\S)(.+?)\1/g, '$2')
    .replace(/^\s*\|[\s:|-]+\|\s*$/gm, '')
    .replace(/^\s*\|(.*)\|\s*$/gm, (_, cells: string) => cells.replaceAll('|', '·'))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, cap);
}
