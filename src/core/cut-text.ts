/** Long texts of a parsed body are cut: beginning, mark, length in bytes. Here is what both sides must agree on. */
import { randomBytes } from 'node:crypto'

/** A text with more bytes is cut. */
export const LONGEST_TEXT = 4 * 1024
/** Bytes that are kept of its beginning, or a few less where an escape stands there. */
export const KEPT_BYTES = 1024

/** Of this process alone: a caller who knew it could give a short text any length. */
const MARK = `\u0000${randomBytes(8).toString('hex')}:`
/** A mark, and the digits of any length that fits into memory. */
const MARK_ROOM = MARK.length + 16

/** What follows the beginning of a text of so many bytes, as JSON. */
export const cutMark = (bytes: number): string => `\\u0000${MARK.slice(1)}${bytes}`

/** Bytes of a text of a parsed body, also of one that was cut. */
export function textBytes(text: string): number {
  if (text.length > KEPT_BYTES + MARK_ROOM) return text.length
  const mark = text.lastIndexOf(MARK)
  return mark < 0 ? text.length : Number(text.slice(mark + MARK.length))
}
