/** One line of a configuration in a message, with a mark under what is meant. */

export interface Excerpt {
  /** Without what may be secret. */
  readonly text: string
  /** The marked part of it, in characters. */
  readonly from: number
  readonly until: number
}

/** What is hidden stands as this. */
const HIDDEN = '***'

type Range = readonly [from: number, until: number]

/** The line with each of the ranges hidden. They may overlap. */
export function excerptOf(line: string, marked: Range, hidden: readonly Range[]): Excerpt {
  let [text, from, until, read] = ['', marked[0], marked[1], 0]
  for (const [start, end] of hidden.filter(([a, b]) => b > a).toSorted((a, b) => a[0] - b[0])) {
    if (end <= read) continue
    const begin = Math.max(start, read)
    text += line.slice(read, begin)
    // Hidden parts that touch are one.
    if (begin > read || read === 0 || !text.endsWith(HIDDEN)) text += HIDDEN
    from = moved(marked[0], from, begin, end, text.length)
    until = moved(marked[1], until, begin, end, text.length)
    read = end
  }
  text += line.slice(read)
  return {
    text: text.replace(CONTROL, (found) => (found === '\t' ? '→' : '?')),
    from,
    until: Math.max(until, from + 1),
  }
}

/** Where a character of the line is after a part before or around it was replaced. `now`: where it would be so far. */
function moved(at: number, now: number, begin: number, end: number, after: number): number {
  if (at <= begin) return now
  return at < end ? after : after + (at - end)
}

/** A terminal obeys them. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** `3 | text` and the mark, each within `width` columns; a long line is cut to what is around the mark. */
export function excerptLines({ text, from, until }: Excerpt, line: number, width: number): string[] {
  const gutter = String(line)
  const room = width - gutter.length - 3
  const start = text.length <= room ? 0 : Math.max(0, Math.min(from - Math.floor(room / 3), text.length - room))
  const end = Math.min(text.length, start + room)
  const shown = `${start > 0 ? '…' : ''}${text.slice(start + (start > 0 ? 1 : 0), end - (end < text.length ? 1 : 0))}${end < text.length ? '…' : ''}`
  const mark = '^'.repeat(Math.max(1, Math.min(until, start + room) - from))
  return [`${gutter} | ${shown}`.trimEnd(), `${' '.repeat(gutter.length)} | ${' '.repeat(from - start)}${mark}`]
}
