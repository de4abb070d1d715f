/** Answers by chance, from seeds: in every wire format their parts keep their order, and they cost the same. */
import t from 'tap'
import { costOf } from '../../src/accounting/cost.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import type { Piece } from '../../src/formats/piece.ts'
import { usage } from '../support/factories.ts'
import { pick, seeded } from '../support/random.ts'
import { countable, sayable } from './answer-limits.ts'
import { wholeParts } from './comparable.ts'
import type { AnswerCase } from './format-cases.ts'
import { bodyOf, framesOf, readBody, readStream, streamOf } from './spoken.ts'

const SEEDS = 60
const PRICE: typeof NO_PRICE = { ...NO_PRICE, inputPerMtok: 3, cachedInputPerMtok: 0.3, outputPerMtok: 15 }
const WORDS = [
  'a ',
  'river ',
  '水',
  '🚂',
  '\n',
  '"',
  '\\',
  'é',
  '{"x":1}',
  'data: [DONE]\n\n',
  '</think>',
  '\u0000',
  ' ',
]

function answerOf(seed: number): AnswerCase {
  const random = seeded(seed)
  const upTo = (most: number): number => Math.floor(random() * (most + 1))
  const words = (most: number): string[] => Array.from({ length: upTo(most) }, () => pick(random, WORDS))
  const thoughts = words(6).map((text): Piece => ({ kind: 'thought', choice: 0, text }))
  const texts = words(8).map((text): Piece => ({ kind: 'text', choice: 0, text }))
  const calls = Array.from({ length: upTo(3) }, (_, slot): Piece[] => {
    const json = JSON.stringify({ city: words(4).join(''), days: upTo(9) })
    const at = upTo(json.length)
    const begins = { id: `call_${seed}_${slot}`, name: 'get_weather', free: false }
    return [
      { kind: 'call', choice: 0, slot, begins, arguments: '' },
      { kind: 'call', choice: 0, slot, begins: null, arguments: json.slice(0, at) },
      { kind: 'call', choice: 0, slot, begins: null, arguments: json.slice(at) },
    ]
  })
  const finish = calls.length > 0 ? 'tool_calls' : random() < 0.3 ? 'length' : 'stop'
  const end: Piece = { kind: 'end', choice: 0, finish, stop: null }
  const input = 1 + upTo(200_000)
  const cachedInput = upTo(input)
  const output = 1 + upTo(20_000)
  return {
    name: `seed ${seed}`,
    // Some backends send several pieces in one event.
    events: bundled([...thoughts, ...texts, ...calls.flat(), end], random),
    finish,
    usage: usage({ input, cachedInput, output, reasoning: thoughts.length > 0 ? upTo(output) : 0 }),
    free: false,
  }
}

function bundled(pieces: readonly Piece[], random: () => number): Piece[][] {
  const events: Piece[][] = []
  for (const piece of pieces) {
    const last = events.at(-1)
    if (last !== undefined && random() < 0.3) last.push(piece)
    else events.push([piece])
  }
  return events
}

for (const format of FORMATS.values())
  t.test(`${format.name}: any answer comes through in its order, for the same money`, async (t) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const answer = answerOf(seed)
      const wanted = sayable(format.name, wholeParts(answer.events.flat()))
      const money = costOf(countable(format.name, answer.usage), PRICE, 0)
      t.not(money, null)
      const stream = readStream(format, framesOf(format, [streamOf(format, answer, seed % 2 === 0 ? 'first' : 'last')]))
      t.strictSame(wholeParts(stream.pieces), wanted, `seed ${seed}, streamed`)
      t.strictSame(costOf(stream.reader.state.settled, PRICE, 0), money, `seed ${seed}, streamed: money`)
      const whole = await readBody(format, bodyOf(format, answer))
      t.strictSame(wholeParts(whole.pieces), wanted, `seed ${seed}, whole`)
      t.strictSame(costOf(whole.reader.state.settled, PRICE, 0), money, `seed ${seed}, whole: money`)
    }
  })
