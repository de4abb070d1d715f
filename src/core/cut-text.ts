/** Long texts of a parsed body are cut: a beginning, then their length and place under a seal. Here is what both sides must agree on. */
import { randomBytes } from 'node:crypto'

/** In bodies up to here no text is cut. */
export const WHOLE_BYTES = 64 * 1024
/** A text that is written with more bytes is cut, if its body is larger. */
export const LONGEST_TEXT = 4 * 1024
/** Bytes that are kept of its beginning, or a few less where an escape stands there. */
export const KEPT_BYTES = 1024

/** Nobody outside of this process can write it, so no text of a caller passes for one that was cut. */
const SEAL = randomBytes(16).toString('base64url')
/** Holds the size of whatever fits into memory. */
const DIGITS = 15

/** A long text: where it lies between its quotes, and its bytes as UTF-8. */
export interface Cut {
  readonly start: number
  readonly end: number
  readonly bytes: number
}

const written = (figure: number): string => String(figure).padStart(DIGITS, '0')

/** What follows the beginning of a text, as JSON. */
export const cutMark = ({ start, end, bytes }: Cut): string =>
  `\\u0000${written(bytes)}${written(start)}${written(end)}${SEAL}`

const MARK = 3 * DIGITS + SEAL.length

/** Characters of it that are text; what was cut ends with the mark. */
export const keptLength = (text: string): number => (text.endsWith(SEAL) ? text.length - MARK - 1 : text.length)

/** Where a text lies in the bytes of its body; null: it was not cut, and is whole. */
export const cutOf = (text: string): Cut | null =>
  text.endsWith(SEAL) ? { bytes: figureIn(text, 0), start: figureIn(text, 1), end: figureIn(text, 2) } : null

function figureIn(text: string, place: number): number {
  const from = text.length - MARK + place * DIGITS
  return Number(text.slice(from, from + DIGITS))
}

/** About the bytes of a text of a parsed body as UTF-8, escapes decoded; also of one that was cut. */
export function textBytes(text: string): number {
  if (text.endsWith(SEAL)) return figureIn(text, 0)
  return WIDE.test(text) ? wideBytes(text) : text.length
}

/** What only an escape can give a text that has one character for each byte. Costs nothing where there is none. */
const WIDE = /[^\x00-\xff]/

/** A narrow character is one byte of a longer one, as far as can be told. */
function wideBytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0xff) bytes += unit < 0x800 || isHalf(unit) ? 1 : 2
  }
  return bytes
}

/** Two of them are one character of four bytes. */
const isHalf = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
