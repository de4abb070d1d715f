import t from 'tap'
import { classify } from '../../src/classify/profile.ts'
import { LONGEST_TEXT, textBytes } from '../../src/core/cut-text.ts'
import { digest } from '../../src/protocol/digest.ts'
import { gatewayRequest } from '../support/factories.ts'
import type { JsonObject } from '../../src/core/settings.ts'

const FILL = 'x'.repeat(70_000)
const body = (text: string): JsonObject => ({ model: 'tiny', messages: [{ role: 'user', content: text }], fill: FILL })
const parsed = (value: JsonObject): JsonObject => JSON.parse(digest(Buffer.from(JSON.stringify(value)))) as JsonObject
const contentOf = (value: JsonObject): string => (value['messages'] as JsonObject[])[0]!['content'] as string

t.test('a body of ordinary size is parsed as it is', async (t) => {
  const raw = Buffer.from(JSON.stringify({ model: 'tiny', text: 'y'.repeat(60_000) }))
  t.equal(digest(raw), raw.toString('latin1'))
})

t.test('long strings are cut and keep their length, short ones stay', async (t) => {
  const value = parsed(body('short'))
  t.equal(contentOf(value), 'short')
  t.equal(value['model'], 'tiny')
  t.equal(textBytes(value['fill'] as string), FILL.length)
  t.ok((value['fill'] as string).startsWith('xxxx'))
  t.ok((value['fill'] as string).length < 2000)
})

t.test('a cut inside of any escape gives valid JSON and the right length', async (t) => {
  for (const unit of ['\\', '"', '\n', '\u0001', 'é', '水', '🚂', '\\"', 'ab\\', '\u0000', '\\\\\\\\\\"'])
    for (let shift = 0; shift < 13; shift++) {
      const text = 'a'.repeat(shift) + unit.repeat(9_000)
      const written = JSON.stringify(text)
      const bytes = Buffer.byteLength(written) - 2 - 3 * (written.match(/\\u/g)?.length ?? 0)
      const cut = contentOf(parsed(body(text)))
      if (textBytes(cut) !== bytes) t.equal(textBytes(cut), bytes, `${JSON.stringify(unit)} after ${shift}`)
    }
  t.pass('all lengths are kept')
})

t.test('a text that only looks cut is counted as what it is, also in a body that was cut', async (t) => {
  for (const text of [
    '\u00005',
    `\u0000${LONGEST_TEXT}`,
    'a\u0000',
    '\u0000x',
    '',
    'see NUL \u0000 1e9',
    '\u00009999999',
  ])
    t.equal(textBytes(contentOf(parsed(body(text)))), text.length)
})

t.test('characters that are written as numbers count as characters', async (t) => {
  const text = '水'.repeat(48_000)
  const escaped = JSON.stringify(body(text)).replaceAll('水', '\\u6c34')
  const cut = JSON.parse(digest(Buffer.from(escaped))) as JsonObject
  t.equal(textBytes(contentOf(cut)), Buffer.byteLength(text))
  t.equal(textBytes(contentOf(parsed(body(text)))), Buffer.byteLength(text))
})

t.test('a body of too many parts is refused before it is parsed', async (t) => {
  const keys = Array.from({ length: 150_000 }, (_, index) => `"k${index}":1`).join(',')
  for (const json of [`{${keys}}`, `{"model":"tiny","messages":[{"x":{${keys}}}]}`])
    t.throws(() => digest(Buffer.from(json)), { code: 'invalid_request', message: /100000 members/ })
  t.throws(() => digest(Buffer.from(`{"input":[${'1,'.repeat(2_100_000)}1]}`)), { message: /2000000 values/ })
  const batch = `{"input":[${'1,'.repeat(500_000)}1]}`
  t.equal(digest(Buffer.from(batch)), batch)
})

t.test('what is broken outside of the cut strings is still broken', async (t) => {
  const whole = JSON.stringify(body('short'))
  for (const bad of [whole.slice(0, -1), whole.replace('"model":', '"model"'), whole.slice(0, 40_000)]) {
    t.throws(() => JSON.parse(digest(Buffer.from(bad))) as unknown)
  }
})

t.test('the estimate of tokens counts what was cut', async (t) => {
  const request = gatewayRequest(body('z'.repeat(400_000)))
  const { inputTokens } = classify({ ...request, body: parsed(body('z'.repeat(400_000))) })
  t.equal(inputTokens, 100_000)
  t.equal(inputTokens, classify(request).inputTokens)
})
