/** Text -> buckets of its words and word pairs, and what can be seen of its surface. Pure; no more than a few kilobytes of a text are read. */

import type { TaskClass } from '../../core/capabilities.ts'
import { CueVotes } from './cue-votes.ts'
import { entryOf, FNV_BASE, FNV_PRIME, LANGUAGES, languageIn, pairHash } from './lexicon.ts'

/** Buckets that words are hashed into. */
export const BUCKETS = 8192
/** Numbers that describe the surface of a text. */
export const SURFACE = 10

/** Of a long text its beginning and its end are read: instructions stand in one of the two. */
const HEAD = 500
const TAIL = 200

/** Ids of one text: three for each of the first words, two for each other one. */
export const MOST_IDS = 2 * (HEAD + TAIL) + 16

/** Reused by the next call. */
export interface Words {
  /** Ids that were found. */
  count: number
  /** About zero, with a spread of about one, over ordinary questions. */
  readonly surface: Float64Array
  /** ISO 639-1; null = not known. */
  language: string | null
  /** The class that it asks for in so many words; null where it does not. */
  cue: TaskClass | null
  /** Somebody says hello, thanks or goodbye, and no more. */
  greets: boolean
  /** It asks for what only few can do. */
  asksMuch: boolean
}

const SPACE = 0
const LETTER = 1
const DIGIT = 2
const LINE = 3
const MARK = 4

const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === 10) return LINE
  if (code === 32 || code === 9 || code === 13) return SPACE
  if (code >= 48 && code <= 57) return DIGIT
  return code >= 128 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ? LETTER : MARK
})

const votes = new Uint16Array(LANGUAGES.length)

/** Of the text that was read last. */
export const words: Words = {
  count: 0,
  surface: new Float64Array(SURFACE),
  language: null,
  cue: null,
  greets: false,
  asksMuch: false,
}
const cues = new CueVotes()

const bucketOf = (hash: number): number => {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x45d9f3b)
  return (mixed ^ (mixed >>> 16)) & (BUCKETS - 1)
}

/** Characters of the three-byte range of ideographs, kana and hangul are words of their own: there are no spaces between them. */
const isIdeograph = (lead: number): boolean => lead >= 0xe3 && lead <= 0xed

/** What a byte counts as within a word: a capital letter as a small one; 0 = it ends the word. */
const LETTERS = Uint8Array.from({ length: 256 }, (_, code) => {
  if (KINDS[code] !== LETTER || isIdeograph(code)) return 0
  return code >= 65 && code <= 90 ? code | 32 : code
})

/** What is counted of one text. Fields of one object, so that the readers below share them without making another. */
const seen = {
  letters: 0,
  runs: 0,
  longRuns: 0,
  capitals: 0,
  digits: 0,
  numbers: 0,
  lines: 0,
  marks: 0,
  questions: 0,
  codeMarks: 0,
  kana: 0,
  hangul: 0,
  ideographs: 0,
  cyrillic: 0,
  arabic: 0,
  devanagari: 0,
  /** Of the word that was read last. */
  hash: 0,
}
const NOTHING_SEEN: Readonly<typeof seen> = { ...seen }

/** What is read of a text: one byte for each of its characters. */
const read = Buffer.alloc(HEAD + TAIL + 1)

/** What only an escape can give a text of bytes. Costs nothing where there is none. */
const WIDE = /[^\x00-\xff]/

/** Copies the text, or its beginning and its end; how many bytes that are. */
function copy(whole: string): number {
  const text = WIDE.test(whole) ? Buffer.from(whole).toString('latin1') : whole
  if (text.length <= HEAD + TAIL) return read.write(text, 0, 'latin1')
  read.write(text, 0, HEAD, 'latin1')
  read[HEAD] = 10
  return HEAD + 1 + read.write(text.slice(-TAIL), HEAD + 1, 'latin1')
}

/**
 * `text` has one character for each byte, as the bodies of requests are read; a wide character counts as one byte of a word.
 * `bytes` is the size of the whole text where `text` was cut. Into `ids` go the buckets, at most MOST_IDS. The result is
 * overwritten by the next call.
 */
export function readWords(text: string, bytes: number, ids: Int32Array): Words {
  const length = copy(text)
  Object.assign(seen, NOTHING_SEEN)
  votes.fill(0)
  cues.begin()
  const lastLine = lastLineOf(length)
  let count = 0
  let previous = 0x1234
  for (let at = 0, place = 0; at < length;) {
    const code = read[at]!
    const kind = KINDS[code]!
    if (kind === SPACE) {
      at++
      continue
    }
    at = readOne(kind, at, length, code)
    const { hash } = seen
    ids[count++] = bucketOf(hash)
    const pair = pairHash(previous, hash)
    ids[count++] = bucketOf(pair)
    if (at <= BEGINNING || at > lastLine) cues.word(entryOf(hash), entryOf(pair), place)
    if (place < 4) ids[count++] = bucketOf((hash + 0x5bd1e995 + place) | 0)
    place++
    previous = hash
  }
  words.count = count
  words.language = languageSeen()
  words.greets = cues.greets(wordsSeen(), seen.digits)
  words.asksMuch = cues.isHard
  words.cue = words.greets ? null : cues.winner(words.language, seen.numbers)
  describe(bytes, length)
  return words
}

/** What asks stands at the beginning, or in a last line of its own: a passage of a page between them is about anything. */
const BEGINNING = 160
const LAST_LINE = 200

function lastLineOf(length: number): number {
  const start = read.lastIndexOf(10, length - 2)
  return start < 0 || start >= length || length - start > LAST_LINE ? Infinity : start
}

/** One word, from `at` on, where its first byte is `code`; where it ends. */
function readOne(kind: number, at: number, end: number, code: number): number {
  if (kind === LETTER) return readLetters(at, end, code)
  if (kind === MARK) return readMark(at, code)
  return kind === DIGIT ? readFigures(at, end) : readLines(at, end)
}

function readLetters(start: number, end: number, first: number): number {
  if (first >= 65 && first <= 90) seen.capitals++
  const at = isIdeograph(first) ? readIdeograph(start, end, first) : readWord(start, end, first)
  seen.runs++
  seen.letters += at - start
  if (at - start > 8) seen.longRuns++
  return at
}

function readIdeograph(start: number, end: number, lead: number): number {
  const second = start + 1 < end ? read[start + 1]! : 0
  if (lead === 0xe3 && second >= 0x81 && second <= 0x83) seen.kana++
  else if (lead >= 0xea) seen.hangul++
  else seen.ideographs++
  let hash = FNV_BASE
  const last = Math.min(end, start + 3)
  for (let at = start; at < last; at++) hash = Math.imul(hash ^ read[at]!, FNV_PRIME)
  seen.hash = hash
  return last
}

function readWord(start: number, end: number, first: number): number {
  if (first === 0xd0 || first === 0xd1) seen.cyrillic++
  else if (first >= 0xd8 && first <= 0xdb) seen.arabic++
  else if (first === 0xe0 && (read[start + 1]! & 0xfe) === 0xa4) seen.devanagari++
  let hash = FNV_BASE
  let at = start
  for (; at < end; at++) {
    const letter = LETTERS[read[at]!]!
    if (letter === 0) break
    hash = Math.imul(hash ^ letter, FNV_PRIME)
  }
  const language = languageIn(entryOf(hash))
  if (language > 0) votes[language - 1]!++
  seen.hash = hash
  return at
}

function readFigures(start: number, end: number): number {
  let at = start
  while (at < end && KINDS[read[at]!] === DIGIT) at++
  seen.digits += at - start
  seen.numbers++
  // Numbers by their length: their value says nothing that another text would say again.
  seen.hash = Math.imul(FNV_BASE ^ (200 + Math.min(at - start, 5)), FNV_PRIME)
  return at
}

function readLines(start: number, end: number): number {
  let at = start
  while (at < end && isBlank(KINDS[read[at]!]!)) at++
  seen.lines++
  seen.hash = Math.imul(FNV_BASE ^ 10, FNV_PRIME)
  return at
}

function readMark(at: number, code: number): number {
  seen.marks++
  if (code === QUESTION) seen.questions++
  else if (CODE_MARKS[code] === 1) seen.codeMarks++
  seen.hash = Math.imul(FNV_BASE ^ code, FNV_PRIME)
  return at + 1
}

/** Fills in the surface of a text of `bytes`, of which `length` were read. */
function describe(bytes: number, length: number): void {
  const { surface } = words
  const run = Math.max(1, seen.runs)
  surface[0] = (Math.log2(1 + bytes) - 8) / 1.5
  surface[1] = (Math.log2(1 + seen.numbers) - 2) / 1.2
  surface[2] = Math.min(3, (30 * seen.digits) / Math.max(1, length)) - 0.8
  surface[3] = 4 * (Math.min(2, seen.marks / run) - 0.3)
  surface[4] = 6 * (Math.min(1, seen.capitals / run) - 0.15)
  surface[5] = (Math.min(12, seen.letters / run) - 4.5) / 0.8
  surface[6] = 10 * (Math.min(1, seen.longRuns / run) - 0.1)
  surface[7] = (Math.log2(1 + seen.lines) - 1.5) / 1.2
  surface[8] = Math.min(3, seen.questions) - 1
  surface[9] = 8 * (Math.min(1, seen.codeMarks / run) - 0.03)
}

const QUESTION = 63
const CODE_MARKS = new Uint8Array(256)
for (const mark of '{}=_\\') CODE_MARKS[mark.charCodeAt(0)] = 1
const isBlank = (kind: number): boolean => kind === SPACE || kind === LINE

/** Where there are no blanks a word has about three characters. */
const wordsSeen = (): number => seen.runs - 0.7 * (seen.kana + seen.hangul + seen.ideographs)

/** By script where there is a telling one, else by its frequent words; null where neither says enough. */
function languageSeen(): string | null {
  const { runs, kana, hangul, ideographs, cyrillic, arabic, devanagari } = seen
  const foreign = runs / 4
  if (kana > 2 && kana + ideographs > foreign) return 'ja'
  if (hangul > foreign) return 'ko'
  if (ideographs > foreign) return 'zh'
  if (cyrillic > foreign) return 'ru'
  if (arabic > foreign) return 'ar'
  if (devanagari > foreign) return 'hi'
  let best = 0
  for (let i = 1; i < votes.length; i++) if (votes[i]! > votes[best]!) best = i
  return votes[best]! >= 2 ? LANGUAGES[best]! : null
}
