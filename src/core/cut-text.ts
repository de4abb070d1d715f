/** Long texts of a parsed body are cut: "<beginning>\u0000<length in bytes>". Here is what both sides must agree on. */

/** A text with more bytes is cut. */
export const LONGEST_TEXT = 4 * 1024
/** Bytes that are kept of its beginning, or a few less where an escape stands there. */
export const KEPT_BYTES = 1024

const MARK = '\u0000'
/** A mark, and the digits of any length that fits into memory. */
const MARK_ROOM = 16

/** What follows the beginning of a text of so many bytes, as JSON. */
export const cutMark = (bytes: number): string => `\\u0000${bytes}`

/** Bytes of a text of a parsed body, also of one that was cut. */
export function textBytes(text: string): number {
  if (text.length > KEPT_BYTES + MARK_ROOM) return text.length
  const mark = text.lastIndexOf(MARK)
  const bytes = mark < 0 ? NaN : Number(text.slice(mark + 1))
  return Number.isInteger(bytes) && bytes > LONGEST_TEXT ? bytes : text.length
}
