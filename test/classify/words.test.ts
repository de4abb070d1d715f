import t from 'tap'
import { BUCKETS, MOST_IDS, readWords, SURFACE } from '../../src/decision/classify/words.ts'

/** As the bodies of requests are read: one character for each byte. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

const room = new Int32Array(MOST_IDS)

/** A copy of what was read: the next call overwrites it. */
function read(
  text: string,
  size = Buffer.byteLength(text),
): { ids: number[]; surface: number[]; language: string | null } {
  const { count, surface, language } = readWords(bytes(text), size, room)
  return { ids: [...room.subarray(0, count)], surface: [...surface], language }
}

t.test('the same text, the same words, whatever was read between', async (t) => {
  const texts = [
    'Where does the river run?',
    '日本語のテキストを読む',
    '',
    'def f(x):\n  return x ** 2',
    'x'.repeat(5000),
  ]
  const first = texts.map((text) => read(text))
  for (const text of texts) read(`${text} and more 123`)
  t.strictSame(
    [...texts].reverse().map((text) => read(text)),
    first.reverse(),
  )
})

t.test('buckets and surface are in their ranges', async (t) => {
  for (const text of [
    '',
    ' ',
    '\u0000\u0001',
    '🙂🙂',
    'a',
    '9'.repeat(5000),
    '{}'.repeat(2000),
    '?'.repeat(3000),
    '\n'.repeat(99),
  ]) {
    const { ids, surface } = read(text)
    t.ok(ids.every((id) => id >= 0 && id < BUCKETS && Number.isInteger(id)))
    t.equal(surface.length, SURFACE)
    t.ok(surface.every(Number.isFinite), JSON.stringify(text.slice(0, 10)))
    t.ok(surface.every((value) => Math.abs(value) < 30))
  }
})

t.test('case of letters does not count, order does', async (t) => {
  t.strictSame(read('THE QUICK FOX').ids, read('the quick fox').ids)
  t.notSame(read('the quick fox').ids, read('fox the quick').ids)
})

t.test('of a long text its beginning and its end are read', async (t) => {
  const middle = 'lorem ipsum dolor '.repeat(500)
  const one = read(`Translate this into French. ${middle}`, 9000)
  t.strictSame(
    read(`Translate this into French. ${middle}`.replace(/dolor lorem(?=.{3000}$)/s, 'never read'), 9000),
    one,
  )
  t.notSame(read(`Summarise all of it quickly. ${middle}`, 9000).ids, one.ids)
  t.notSame(read(`Translate this into French. ${middle} Now as a list, please.`, 9000).ids, one.ids)
})

const SAID: readonly (readonly [language: string | null, text: string])[] = [
  ['en', 'What is the capital of Australia and how many people live there?'],
  ['en', 'Please write me a short note for the neighbours about the noise.'],
  ['de', 'Wie lange dauert die Fahrt von Bremen nach Köln mit dem Zug?'],
  ['de', 'Schreibe eine kurze Nachricht an die Nachbarn und entschuldige dich für den Lärm.'],
  ['fr', 'Quelle est la hauteur de la tour et qui a dessiné les plans pour elle ?'],
  ['fr', 'Écris une lettre à la mairie pour demander des bancs dans le parc.'],
  ['es', '¿Cuál es la mejor época para visitar los pueblos del norte con niños?'],
  ['es', 'Escribe una carta para los vecinos del edificio por el ruido.'],
  ['it', 'Quali sono i piatti tipici della regione e come si preparano con il pesce? Questo è il tema.'],
  ['pt', 'Como posso fazer uma horta em casa com os meus filhos? Você não acha difícil?'],
  ['nl', 'Hoe lang duurt het om van de stad naar het strand te fietsen met een kind?'],
  ['ru', 'Сколько времени идёт поезд от Москвы до Казани?'],
  ['zh', '请用三句话介绍一下长江的地理情况。'],
  ['ja', 'この文章をもう少し丁寧な言い方に直してください。'],
  ['ko', '이 문장을 조금 더 공손하게 고쳐 주세요.'],
  ['ar', 'ما هي عاصمة أستراليا وكم عدد سكانها؟'],
  [null, ''],
  [null, '42 * 17 = ?'],
  [null, 'x'],
]

for (const [language, text] of SAID)
  t.test(`the language of "${text.slice(0, 30)}"`, async (t) => t.equal(read(text).language, language))

/** Milliseconds of many readings. */
function time(text: string, size: number): number {
  const start = performance.now()
  for (let i = 0; i < 1000; i++) readWords(text, size, room)
  return performance.now() - start
}

t.test('ten megabytes take no longer than ten kilobytes', async (t) => {
  const sentence = 'The river runs past the mill, and 12 boats lie there. '
  const small = sentence.repeat(Math.ceil(1e4 / sentence.length))
  const large = sentence.repeat(Math.ceil(1e7 / sentence.length))
  // A joined string is made flat by its first reader.
  for (const text of [small, large]) time(text, text.length)
  const best = (text: string): number => Math.min(...[1, 2, 3, 4, 5].map(() => time(text, text.length)))
  const ratio = best(large) / best(small)
  t.ok(ratio < 5, `${ratio} times as long`)
})
