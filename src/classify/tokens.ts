/** Tokens of a text by what it is made of: words, figures, marks, scripts. Pure; a long text is judged by samples. */
import { keptLength, textBytes } from '../core/cut-text.ts'

/** Read of a long text: so many characters at so many places. */
const WINDOW = 160
const PLACES = 4

/** A word of so many letters is one token; a longer one is cut into pieces. */
const WORD = 7
const SHORT = 1.07
const PIECE = 5
const FIGURES = 3
/** Tokens of one character, by the bytes of its UTF-8. Common tokenizers differ by half either way; usage puts it right. */
const TWO_BYTES = 0.36
const THREE_BYTES = 0.7
const FOUR_BYTES = 2
const MARK = 0.8
const LINE = 0.55

/** Of what was read last. */
let bytesRead = 0

/** `text` has one character for each byte, or wide ones where it was written with escapes; one that was cut is judged by its beginning. */
export function tokensOf(text: string): number {
  const length = keptLength(text)
  if (length === 0) return 0
  const bytes = textBytes(text)
  if (length <= WINDOW * PLACES) return (tokensBetween(text, 0, length) * bytes) / bytesRead
  const step = Math.floor((length - WINDOW) / (PLACES - 1))
  let tokens = 0
  let read = 0
  for (let place = 0; place < PLACES; place++) {
    tokens += tokensBetween(text, place * step, place * step + WINDOW)
    read += bytesRead
  }
  return (tokens * bytes) / read
}

function tokensBetween(text: string, from: number, to: number): number {
  let tokens = 0
  bytesRead = to - from
  for (let at = from; at < to;) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) {
      const start = at
      while (at < to && isLetter(text.charCodeAt(at))) at++
      tokens += at - start <= WORD ? SHORT : SHORT + (at - start - WORD) / PIECE
    } else if (code >= 48 && code <= 57) {
      const start = at
      while (at < to && isDigit(text.charCodeAt(at))) at++
      tokens += Math.ceil((at - start) / FIGURES)
    } else {
      tokens += code > 0xff ? wide(code) : narrow(code)
      at++
    }
  }
  return tokens
}

/** One byte of UTF-8: the first one speaks for its character. */
function narrow(code: number): number {
  if (code >= 0xf0) return FOUR_BYTES
  if (code >= 0xe0) return THREE_BYTES
  if (code >= 0xc0) return TWO_BYTES
  if (code === 10) return LINE
  return code > 32 && code < 0x80 ? MARK : 0
}

/** What was written as an escape is one wide character, not some bytes; half of a pair is half of four bytes. */
function wide(code: number): number {
  const half = code >= 0xd800 && code < 0xe000
  bytesRead += code < 0x800 || half ? 1 : 2
  if (half) return FOUR_BYTES / 2
  return code < 0x800 ? TWO_BYTES : THREE_BYTES
}

const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
const isDigit = (code: number): boolean => code >= 48 && code <= 57
