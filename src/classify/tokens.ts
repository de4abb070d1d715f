/** Tokens of a text by what it is made of: words, figures, marks, scripts. Pure; a long text is judged by samples. */
import { textBytes } from '../core/cut-text.ts'

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

/** `text` has one character for each byte; a text that was cut is judged by its beginning. */
export function tokensOf(text: string): number {
  const bytes = textBytes(text)
  const { length } = text
  if (length === 0) return 0
  if (length <= WINDOW * PLACES) return (bytes / length) * tokensBetween(text, 0, length)
  // What was cut ends with its length and a seal, which are no text.
  const readable = bytes === length ? length : Math.min(length, 900)
  const step = Math.floor((readable - WINDOW) / (PLACES - 1))
  let tokens = 0
  for (let place = 0; place < PLACES; place++) tokens += tokensBetween(text, place * step, place * step + WINDOW)
  return (tokens * bytes) / (WINDOW * PLACES)
}

function tokensBetween(text: string, from: number, to: number): number {
  let tokens = 0
  for (let at = from; at < to;) {
    const code = text.charCodeAt(at) & 0xff
    if (isLetter(code)) {
      const start = at
      while (at < to && isLetter(text.charCodeAt(at) & 0xff)) at++
      tokens += at - start <= WORD ? SHORT : SHORT + (at - start - WORD) / PIECE
    } else if (code >= 48 && code <= 57) {
      const start = at
      while (at < to && isDigit(text.charCodeAt(at) & 0xff)) at++
      tokens += Math.ceil((at - start) / FIGURES)
    } else {
      if (code >= 0xf0) tokens += FOUR_BYTES
      else if (code >= 0xe0) tokens += THREE_BYTES
      else if (code >= 0xc0) tokens += TWO_BYTES
      else if (code === 10) tokens += LINE
      else if (code > 32 && code < 0x80) tokens += MARK
      at++
    }
  }
  return tokens
}

const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
const isDigit = (code: number): boolean => code >= 48 && code <= 57
