/** Words that are known by themselves: frequent ones of a language, those that ask for a class of task or for much, greetings. One look at a table for each word of a text. */
import { TASK_CLASSES, type TaskClass } from '../../core/capabilities.ts'
import { CUE_WORDS, HARD_WORDS, HELLOS, THANKS, WISHES } from './cue-words.ts'

export const FNV_BASE = 0x811c9dc5
export const FNV_PRIME = 0x01000193

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
export const LANGUAGES = Object.keys(FREQUENT)

/** What is known of a word: parts of one number, 0 = nothing. */
export const languageIn = (entry: number): number => entry & 15
/** One more than the place of the class, 0 = none. */
export const outrightIn = (entry: number): number => (entry >> 4) & 31
export const hintIn = (entry: number): number => (entry >> 9) & 31
export const isHard = (entry: number): boolean => (entry & HARD) !== 0
export const isHello = (entry: number): boolean => (entry & HELLO) !== 0
export const isThanks = (entry: number): boolean => (entry & THANK) !== 0
export const isWish = (entry: number): boolean => (entry & WISH) !== 0

const HARD = 1 << 14
const HELLO = 1 << 15
const THANK = 1 << 16
const WISH = 1 << 17

/** Of a word in small letters, as words.ts reads it. */
function hashOf(word: string): number {
  let hash = FNV_BASE
  for (const byte of Buffer.from(word)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return hash
}

/** Of a word behind another one. */
export const pairHash = (first: number, second: number): number => (Math.imul(first, 31) + second) | 0

/** Scripts without blanks: each of their characters is read as a word. */
const NO_BLANKS = /^[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]/

/** As a text may have it: capitals outside of ASCII are other letters, and Spanish puts a mark before a question. */
function spellingsOf(word: string): readonly string[] {
  const capital = word.charAt(0).toUpperCase() + word.slice(1)
  return /^[a-z]/.test(word) ? [word, `¿${word}`, `¡${word}`] : [word, capital]
}

function hashesOf(cue: string): readonly number[] {
  const [first, second] = NO_BLANKS.test(cue) ? Array.from(cue) : cue.split('_')
  const spelled = NO_BLANKS.test(cue) ? [first!] : spellingsOf(first!)
  return spelled.map((one) => (second === undefined ? hashOf(one) : pairHash(hashOf(one), hashOf(second))))
}

/** Twice as many places as there are words, and more. */
const PLACES = 8192
const hashes = new Int32Array(PLACES)
const entries = new Uint32Array(PLACES)

/** 0: nothing is known of it. */
export function entryOf(hash: number): number {
  for (let at = hash & (PLACES - 1); entries[at] !== 0; at = (at + 1) & (PLACES - 1))
    if (hashes[at] === hash) return entries[at]!
  return 0
}

function put(words: string, part: number, within: number): void {
  for (const word of words.split(/\s+/)) {
    for (const hash of word === '' ? [] : hashesOf(word)) {
      let at = hash & (PLACES - 1)
      while (entries[at] !== 0 && hashes[at] !== hash) at = (at + 1) & (PLACES - 1)
      hashes[at] = hash
      // A word of two classes counts for the first of them.
      if ((entries[at]! & within) === 0) entries[at]! |= part
    }
  }
}

LANGUAGES.forEach((language, index) => put(FREQUENT[language]!, index + 1, 15))
for (const [task, { outright, hints }] of Object.entries(CUE_WORDS)) {
  const place = TASK_CLASSES.indexOf(task as TaskClass) + 1
  put(outright, place << 4, 31 << 4)
  put(hints, place << 9, 31 << 9)
}
put(HELLOS, HELLO, HELLO)
put(THANKS, THANK, THANK)
put(WISHES, WISH, WISH)
put(HARD_WORDS, HARD, HARD)
