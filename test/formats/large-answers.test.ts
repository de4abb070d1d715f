/** Large whole answers are read in steps, in every format, and say what they say when read in one go. */
import t from 'tap'
import { FORMATS } from '../../src/formats/formats.ts'
import type { Piece } from '../../src/formats/piece.ts'
import { usage } from '../support/factories.ts'
import type { AnswerCase } from './format-cases.ts'
import { bodyOf, readerOf } from './spoken.ts'

const MEGABYTE = 1 << 20
const TEXT: Piece = { kind: 'text', choice: 0, text: 'größe "x" \n'.repeat((3 * MEGABYTE) / 11) }
const CALL: Piece = {
  kind: 'call',
  choice: 0,
  slot: 0,
  begins: { id: 'call_a', name: 'get_weather', free: false },
  arguments: JSON.stringify({ city: 'x'.repeat(MEGABYTE / 2) }),
}

const CASES: Readonly<Record<string, AnswerCase>> = {
  'a long text': {
    name: 'a long text',
    events: [[TEXT], [{ kind: 'end', choice: 0, finish: 'length', stop: null }]],
    finish: 'length',
    free: false,
    usage: usage({ input: 12, output: 900_000 }),
  },
  'a long call': {
    name: 'a long call',
    events: [[CALL], [{ kind: 'end', choice: 0, finish: 'tool_calls', stop: null }]],
    finish: 'tool_calls',
    free: false,
    usage: usage({ input: 12, output: 200_000 }),
  },
}

for (const format of FORMATS.values())
  t.test(format.name, async (t) => {
    for (const [name, answer] of Object.entries(CASES)) {
      const body = bodyOf(format, answer)
      const [once, stepped] = [readerOf(format, false), readerOf(format, false)]
      t.equal(once.body(body), null)
      const steps = stepped.bodyInSteps(body)
      let count = 0
      let step = steps.next()
      for (; step.done !== true; step = steps.next()) count++
      t.equal(step.value, null, name)
      // Texts without escapes are passed over at once, by a native search.
      t.ok(count >= (name === 'a long text' ? 8 : 1), `${name}: ${count} steps for ${body.length} bytes`)
      const told = ({ state }: typeof once): object => {
        const { reported, finish, content, model, refused } = state
        return { reported, finish, content, model, refused }
      }
      t.strictSame(told(stepped), told(once), name)
    }
  })

for (const format of FORMATS.values())
  t.test(`${format.name}: what is cut, or an error, is seen in steps too`, async (t) => {
    const body = bodyOf(format, CASES['a long text']!)
    const judged = (bytes: Buffer): unknown => {
      const steps = readerOf(format, false).bodyInSteps(bytes)
      let step = steps.next()
      while (step.done !== true) step = steps.next()
      return step.value
    }
    t.equal(judged(body.subarray(0, body.length - 9)), 'garbage')
    const error = { error: { message: 'too bad', pad: 'x'.repeat(MEGABYTE) } }
    t.match(judged(Buffer.from(JSON.stringify(error))), { message: 'too bad' })
  })
