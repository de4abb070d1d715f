/** Tokens of a text by what it is made of: words, figures, marks, scripts. Pure; a long text is judged by samples. */
import { keptLength, textBytes } from '../../core/cut-text.ts'

/** Read of a long text: so many characters at so many places. */
const WINDOW = 160
const PLACES = 4

/** A word of so many letters is one token; a longer one is cut into pieces. */
const WORD = 7
const SHORT = 1.07
const PIECE = 5
const HUMP = 0.5
const FIGURES = 3
/** Tokens of one character, by the bytes of its UTF-8. Common tokenizers differ by half either way; usage puts it right. */
const TWO_BYTES = 0.36
const THREE_BYTES = 0.7
const FOUR_BYTES = 2
const MARK = 0.8
const LINE = 0.55
/** Marks of which tokenizers know whole rules: so many of a run are one token. Of other marks, of blanks and of line ends fewer are. */
const RULE_MARKS = '.=-*_#~+/'
const RULE = 32
const SAME = 4
const BLANKS = 64
/** The same for characters of three bytes: dots and dashes, box drawing, full blocks; others stay one by one. */
const RULE_SIGNS = '\u2013\u2014\u2026\u2500\u2501\u2550\u2580\u2584\u2588'
const SIGNS = 4

/** Of what was read last. */
let bytesRead = 0

/** `text` has one character for each byte, or wide ones where it was written with escapes; one that was cut is judged by its beginning. */
export function tokensOf(text: string): number {
  const length = keptLength(text)
  if (length === 0) return 0
  const bytes = textBytes(text)
  if (length <= WINDOW * PLACES) return (tokensBetween(text, 0, length) * bytes) / bytesRead
  const step = stepOf(length)
  let tokens = 0
  let read = 0
  for (let place = 0; place < PLACES; place++) {
    tokens += tokensBetween(text, place * step, place * step + WINDOW)
    read += bytesRead
  }
  return (tokens * bytes) / read
}

/**
 * The same by one of its places: of many texts each says less, and their errors cancel. `turn`: the beginning is read of one, the
 * end of another.
 */
export function roughTokensOf(text: string, turn: number): number {
  const length = keptLength(text)
  if (length <= WINDOW) return tokensOf(text)
  const from = (turn % PLACES) * stepOf(length)
  return (tokensBetween(text, from, from + WINDOW) * textBytes(text)) / bytesRead
}

/** From one place to the next. */
const stepOf = (length: number): number => Math.floor((length - WINDOW) / (PLACES - 1))

function tokensBetween(text: string, from: number, to: number): number {
  let tokens = 0
  bytesRead = to - from
  for (let at = from; at < to;) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) {
      const start = at
      let small = false
      for (let letter = code; isLetter(letter); letter = at < to ? text.charCodeAt(at) : 0) {
        // A capital letter inside of a word begins a new piece: names in code, base64.
        if (small && letter < 97) tokens += HUMP
        small = letter >= 97
        at++
      }
      tokens += at - start <= WORD ? SHORT : SHORT + (at - start - WORD) / PIECE
    } else if (code >= 48 && code <= 57) {
      const start = at
      while (at < to && isDigit(text.charCodeAt(at))) at++
      tokens += Math.ceil((at - start) / FIGURES)
    } else if (code < 0x80) {
      const start = at
      while (at < to && text.charCodeAt(at) === code) at++
      tokens += ascii(code, at - start)
    } else if (at > from && repeats(text, at, code)) {
      if (code > 0xff) wide(code)
      tokens += THREE_BYTES / SIGNS
      at += code > 0xff ? 1 : 3
    } else {
      tokens += code > 0xff ? wide(code) : narrow(code)
      at++
    }
  }
  return tokens
}

/** A run of one mark, or of blanks. A single blank belongs to the word behind it. */
function ascii(code: number, length: number): number {
  if (code === 32) return length < 2 ? 0 : MARK + length / BLANKS
  if (code === 9) return MARK + length / SIXTEEN
  if (code === 10) return LINE + (length - 1) / SIXTEEN
  if (code < 32 || code === 127) return 0
  return MARK + (length - 1) / (RULE_CODES.has(code) ? RULE : SAME)
}

/** Whether a sign of rules stands here that stood before it as well. */
function repeats(text: string, at: number, code: number): boolean {
  if (code > 0xff) return SIGN_CODES.has(code) && text.charCodeAt(at - 1) === code
  if (code !== 0xe2 || at < 3) return false
  const second = text.charCodeAt(at + 1)
  const third = text.charCodeAt(at + 2)
  if (!SIGN_CODES.has(0x2000 + ((second & 0x3f) << 6) + (third & 0x3f))) return false
  return text.charCodeAt(at - 3) === code && text.charCodeAt(at - 2) === second && text.charCodeAt(at - 1) === third
}

const SIXTEEN = 16
const RULE_CODES: ReadonlySet<number> = new Set(Array.from(RULE_MARKS).map((mark) => mark.charCodeAt(0)))
const SIGN_CODES: ReadonlySet<number> = new Set(Array.from(RULE_SIGNS).map((sign) => sign.charCodeAt(0)))

/** One byte of UTF-8: the first one speaks for its character. */
function narrow(code: number): number {
  if (code >= 0xf0) return FOUR_BYTES
  if (code >= 0xe0) return THREE_BYTES
  return code >= 0xc0 ? TWO_BYTES : 0
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
