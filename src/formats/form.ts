/** What the body of an answer is, by its first bytes: its content type may say another thing, or nothing. Pure. */

export type Form = 'events' | 'json' | 'other'

const FIELDS = ['data:', 'event:', 'id:', 'retry:', ':'] as const
const LONGEST = 6
/** Some send blank lines while a request waits; a body that begins with more of them is none of ours. */
const MOST_BLANK = 4096

/** Null where too little has come to see. */
export function formOf(head: Buffer): Form | null {
  const start = contentStart(head)
  if (start === head.length) return start > MOST_BLANK ? 'other' : null
  const first = head[start]
  if (first === 0x7b || first === 0x5b) return 'json'
  const text = head.toString('latin1', start, start + LONGEST)
  if (FIELDS.some((field) => text.startsWith(field))) return 'events'
  return FIELDS.some((field) => field.startsWith(text)) || isHalfMark(head, start) ? null : 'other'
}

/** The body without the byte order mark that no JSON parser takes. */
export const withoutMark = (body: Buffer): Buffer => (hasMark(body) ? body.subarray(3) : body)

const hasMark = (body: Buffer): boolean => body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf

function contentStart(body: Buffer): number {
  let start = hasMark(body) ? 3 : 0
  while (start < body.length && body[start]! <= 0x20) start++
  return start
}

const isHalfMark = (head: Buffer, start: number): boolean =>
  start === 0 && head[0] === 0xef && (head.length === 1 || (head.length === 2 && head[1] === 0xbb))
