/** Text -> buckets of its words and word pairs, and what can be seen of its surface. Pure; no more than a few kilobytes of a text are read. */

/** Buckets that words are hashed into. */
export const BUCKETS = 8192
/** Numbers that describe the surface of a text. */
export const SURFACE = 10

/** Of a long text its beginning and its end are read: instructions stand in one of the two. */
const HEAD = 1000
const TAIL = 250

/** Reused by the next call. */
export interface Words {
  readonly ids: Int32Array
  count: number
  /** About zero, with a spread of about one, over ordinary questions. */
  readonly surface: Float64Array
  /** ISO 639-1; null = not known. */
  language: string | null
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

const FNV_BASE = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Frequent words that few other languages share. */
const FREQUENT: Readonly<Record<string, string>> = {
  en: 'the and of is that with for what you are how from this which have',
  de: 'der die das und ist nicht mit ein eine für auf wie von ich zu den',
  fr: 'le les des est une dans pour que qui avec sur vous pas du quel et',
  es: 'el los las una por con para como del está cuál qué y en su',
  it: 'il che di una per con sono della nel gli come questo è',
  pt: 'os uma para com não em do da ao como você são',
  nl: 'het een van niet dat voor met zijn op aan hoe',
}
const LANGUAGES = Object.keys(FREQUENT)
const LANGUAGE_BITS = 16
const languageOf = frequentWords()
const votes = new Uint16Array(LANGUAGES.length)

function frequentWords(): Uint8Array {
  const table = new Uint8Array(1 << LANGUAGE_BITS)
  for (const [index, language] of LANGUAGES.entries())
    for (const word of FREQUENT[language]!.split(' ')) {
      let hash = FNV_BASE
      for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, FNV_PRIME)
      table[hash & ((1 << LANGUAGE_BITS) - 1)] = index + 1
    }
  return table
}

/** Three ids for each of the first words, two for each other one. */
const words: Words = {
  ids: new Int32Array(2 * (HEAD + TAIL) + 16),
  count: 0,
  surface: new Float64Array(SURFACE),
  language: null,
}

const bucketOf = (hash: number): number => {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x45d9f3b)
  return (mixed ^ (mixed >>> 16)) & (BUCKETS - 1)
}

/** Characters of the three-byte range of ideographs, kana and hangul are words of their own: there are no spaces between them. */
const isIdeograph = (lead: number): boolean => lead >= 0xe3 && lead <= 0xed

/**
 * `text` has one character for each byte, as the bodies of requests are read; a wide character counts as one byte of a word.
 * `bytes` is the size of the whole text where `text` was cut. The result is overwritten by the next call.
 */
export function readWords(text: string, bytes: number): Words {
  const clipped = text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`
  const { length } = clipped
  const { ids } = words
  let count = 0
  let previous = 0x1234
  let place = 0
  let letters = 0
  let runs = 0
  let longRuns = 0
  let capitals = 0
  let digits = 0
  let numbers = 0
  let lines = 0
  let marks = 0
  let questions = 0
  let codeMarks = 0
  let kana = 0
  let hangul = 0
  let ideographs = 0
  let cyrillic = 0
  let arabic = 0
  votes.fill(0)
  for (let at = 0; at < length;) {
    let code = clipped.charCodeAt(at) & 0xff
    const kind = KINDS[code]!
    if (kind === SPACE) {
      at++
      continue
    }
    let hash = FNV_BASE
    if (kind === LETTER) {
      const start = at
      if (code >= 65 && code <= 90) capitals++
      if (isIdeograph(code)) {
        const second = clipped.charCodeAt(at + 1) & 0xff
        if (code === 0xe3 && second >= 0x81 && second <= 0x83) kana++
        else if (code >= 0xea) hangul++
        else ideographs++
        for (const end = Math.min(length, at + 3); at < end; at++)
          hash = Math.imul(hash ^ (clipped.charCodeAt(at) & 0xff), FNV_PRIME)
      } else {
        if (code === 0xd0 || code === 0xd1) cyrillic++
        else if (code >= 0xd8 && code <= 0xdb) arabic++
        while (at < length) {
          code = clipped.charCodeAt(at) & 0xff
          if (KINDS[code] !== LETTER || isIdeograph(code)) break
          if (code >= 65 && code <= 90) code |= 32
          hash = Math.imul(hash ^ code, FNV_PRIME)
          at++
        }
        const language = languageOf[hash & ((1 << LANGUAGE_BITS) - 1)]!
        if (language > 0) votes[language - 1]!++
      }
      runs++
      letters += at - start
      if (at - start > 8) longRuns++
    } else if (kind === DIGIT) {
      const start = at
      while (at < length && KINDS[clipped.charCodeAt(at) & 0xff] === DIGIT) at++
      digits += at - start
      numbers++
      // Numbers by their length: their value says nothing that another text would say again.
      hash = Math.imul(hash ^ (200 + Math.min(at - start, 5)), FNV_PRIME)
    } else if (kind === LINE) {
      lines++
      while (at < length && isBlank(KINDS[clipped.charCodeAt(at) & 0xff]!)) at++
      hash = Math.imul(hash ^ 10, FNV_PRIME)
    } else {
      marks++
      if (code === QUESTION) questions++
      else if (isCodeMark(code)) codeMarks++
      hash = Math.imul(hash ^ code, FNV_PRIME)
      at++
    }
    ids[count++] = bucketOf(hash)
    ids[count++] = bucketOf((Math.imul(previous, 31) + hash) | 0)
    if (place < 4) ids[count++] = bucketOf((hash + 0x5bd1e995 + place) | 0)
    place++
    previous = hash
  }
  words.count = count
  const run = Math.max(1, runs)
  const { surface } = words
  surface[0] = (Math.log2(1 + bytes) - 8) / 1.5
  surface[1] = (Math.log2(1 + numbers) - 2) / 1.2
  surface[2] = Math.min(3, (30 * digits) / Math.max(1, length)) - 0.8
  surface[3] = 4 * (Math.min(2, marks / run) - 0.3)
  surface[4] = 6 * (Math.min(1, capitals / run) - 0.15)
  surface[5] = (Math.min(12, letters / run) - 4.5) / 0.8
  surface[6] = 10 * (Math.min(1, longRuns / run) - 0.1)
  surface[7] = (Math.log2(1 + lines) - 1.5) / 1.2
  surface[8] = Math.min(3, questions) - 1
  surface[9] = 8 * (Math.min(1, codeMarks / run) - 0.03)
  words.language = language({ runs, kana, hangul, ideographs, cyrillic, arabic })
  return words
}

const QUESTION = 63
const CODE_MARKS = new Uint8Array(256)
for (const mark of '{}=_\\') CODE_MARKS[mark.charCodeAt(0)] = 1
const isCodeMark = (code: number): boolean => CODE_MARKS[code] === 1
const isBlank = (kind: number): boolean => kind === SPACE || kind === LINE

interface Scripts {
  readonly runs: number
  readonly kana: number
  readonly hangul: number
  readonly ideographs: number
  readonly cyrillic: number
  readonly arabic: number
}

/** By script where there is a telling one, else by its frequent words; null where neither says enough. */
function language({ runs, kana, hangul, ideographs, cyrillic, arabic }: Scripts): string | null {
  const foreign = runs / 4
  if (kana > 2 && kana + ideographs > foreign) return 'ja'
  if (hangul > foreign) return 'ko'
  if (ideographs > foreign) return 'zh'
  if (cyrillic > foreign) return 'ru'
  if (arabic > foreign) return 'ar'
  let best = 0
  for (let i = 1; i < votes.length; i++) if (votes[i]! > votes[best]!) best = i
  return votes[best]! >= 2 ? LANGUAGES[best]! : null
}
