/** Prompts of ordinary English about several subjects: a classifier that knows the words has all its work to do. */

/** Numbers in 0..1 that are the same in every process. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const words = (text: string): readonly string[] => text.split(' ')

const OPENINGS = [
  'Write a function that',
  'Explain in simple terms why',
  'Translate the following into German:',
  'Summarise the report below, in which',
  'Fix the bug in this class, where',
  'Prove that',
  'Compare the two offers, given that',
  'Draft a polite letter that says',
  'What would happen if',
  'List five reasons why',
]
const SUBJECTS = [
  words(
    'function array index loop compiler thread memory pointer cache server database query schema token parser test branch commit error stack queue hash string regex interface',
  ),
  words(
    'equation integral matrix prime theorem proof limit angle triangle vector probability sum product root fraction derivative graph set sequence polynomial variable constant series',
  ),
  words(
    'committee report contract invoice customer budget market price quarter revenue supplier deadline meeting project manager office employee tax bank loan interest account policy',
  ),
  words(
    'river mountain forest village summer winter garden kitchen bread music painting novel poem theatre history museum city train station bridge harbour island weather journey',
  ),
  words(
    'patient doctor hospital symptom fever vaccine muscle heart blood cell protein virus diet sleep exercise therapy medicine dose nurse injury surgery clinic disease brain',
  ),
]
const VERBS = words(
  'is was makes takes gives finds shows keeps needs returns changes follows holds reads writes sends calls counts moves opens closes becomes contains explains requires reduces',
)
const LINKS = words(
  'the a of and to in that with for on as by from at which when because although before after while if then every each some many most one two three other new old large small first last',
)

const THIRD = 3

/** About `length` characters: sentences, line breaks, quotes, and now and then a character beyond Latin-1. */
export function prose(length: number, seed: number): string {
  const random = randomOf(seed)
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  const subject = SUBJECTS[seed % SUBJECTS.length] ?? []
  const parts = [pick(OPENINGS)]
  let size = 0
  for (let at = 0; size < length; at++) {
    const place = at % THIRD
    const word = place === 0 ? pick(LINKS) : place === 1 ? pick(subject) : random() < 0.5 ? pick(VERBS) : pick(LINKS)
    const end = at % 300 === 299 ? ' \u2014 \u201cgo\u201d' : at % 41 === 40 ? '.\n' : at % 17 === 16 ? ', "so"' : ''
    parts.push(` ${word}${end}`)
    size += word.length + end.length + 1
  }
  return parts.join('').slice(0, length)
}
