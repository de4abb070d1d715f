import t from 'tap'
import { AnswerCheck, type Verdict } from '../../../benchmarks/overhead/answer-check.ts'
import { type Ask, expected, modelName } from '../../../benchmarks/overhead/payload.ts'

const JSON_ASK: Ask = { prompt: 'small', stream: false, chunks: 1, delayMs: 0 }
const STREAM: Ask = { ...JSON_ASK, stream: true, chunks: 5 }
const NUMBER = 10_000_003
const MODELS = ['bench-model', modelName(1), modelName(7)]

/** The verdict on an answer that comes in pieces of so many bytes. */
function verdictOn(ask: Ask, bytes: Buffer, piece = bytes.length): { verdict: Verdict; why: string; events: number } {
  const found = { verdict: null as Verdict, why: 'no verdict', events: 0 }
  const check = new AnswerCheck((model) => (MODELS.includes(model) ? expected(ask, model, NUMBER) : null), {
    events: (count) => (found.events += count),
    first: () => undefined,
    done: (verdict, why) => Object.assign(found, { verdict, why }),
  })
  check.head(200)
  for (let at = 0; at < bytes.length; at += piece) check.data(bytes, at, Math.min(bytes.length, at + piece))
  check.end()
  return found
}

t.test('the very bytes of any model that may answer are found good', async (t) => {
  for (const ask of [JSON_ASK, STREAM])
    for (const model of MODELS) {
      const { body, ends } = expected(ask, model, NUMBER)
      for (const piece of [body.length, 300])
        t.match(verdictOn(ask, body, piece), { verdict: 'identical', events: ends.length })
      t.equal(verdictOn(ask, body, 1).verdict, 'equivalent', 'the first bytes name no model, so all are read')
    }
})

t.test('a stream that begins with a comment is read by its meaning', async (t) => {
  const bytes = Buffer.concat([Buffer.from(': waiting\n\n'), expected(STREAM, MODELS[2]!, NUMBER).body])
  t.equal(verdictOn(STREAM, bytes, 11).verdict, 'equivalent')
})

const text = (ask: Ask): string => expected(ask, MODELS[1]!, NUMBER).body.toString()
const WRONG: readonly (readonly [string, Ask, string])[] = [
  ['of a model that may not answer', JSON_ASK, text(JSON_ASK).replace(MODELS[1]!, 'another')],
  ['of no model', JSON_ASK, text(JSON_ASK).replace('"model"', '"mode1"')],
  ['the answer to the next request', JSON_ASK, expected(JSON_ASK, MODELS[1]!, NUMBER + 1).body.toString()],
  ['another usage', JSON_ASK, text(JSON_ASK).replace('"completion_tokens":120', '"completion_tokens":121')],
  ['cut', JSON_ASK, text(JSON_ASK).slice(0, -2)],
  ['a stream of a model that may not answer', STREAM, text(STREAM).replaceAll(MODELS[1]!, 'another')],
  ['a stream without its end', STREAM, text(STREAM).replace('data: [DONE]\n\n', '')],
  ['a stream that lacks an event', STREAM, text(STREAM).replace(/data: [^\n]*\n\n/, '')],
  ['the stream of the next request', STREAM, expected(STREAM, MODELS[1]!, NUMBER + 1).body.toString()],
]

t.test('every wrong answer is found', async (t) => {
  for (const [says, ask, bytes] of WRONG)
    for (const piece of [bytes.length, 50]) t.equal(verdictOn(ask, Buffer.from(bytes), piece).verdict, null, says)
})
