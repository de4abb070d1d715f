import t from 'tap'
import { CHAT } from '../../src/core/endpoints.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { LONGEST_TEXT, textBytes } from '../../src/core/cut-text.ts'
import { digest } from '../../src/formats/json/digest.ts'
import { members } from '../../src/formats/json/members.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { BodySize } from '../../src/formats/json/body-size.ts'
import { gatewayRequest, classify } from '../support/factories.ts'

const FILL = 'x'.repeat(70_000)
const body = (text: string): JsonObject => ({ model: 'tiny', messages: [{ role: 'user', content: text }], fill: FILL })
const contentOf = (value: JsonObject): string => (value['messages'] as JsonObject[])[0]!['content'] as string
const parsed = (value: JsonObject): JsonObject => parseBody(Buffer.from(JSON.stringify(value)), CHAT).prompt.body

t.test('a body of ordinary size is parsed as it is', async (t) => {
  const raw = Buffer.from(JSON.stringify({ model: 'tiny', text: 'y'.repeat(60_000) }))
  const tally = new BodySize()
  members(raw, tally)
  t.equal(tally.longTexts.length, 2)
  t.equal(digest(raw, tally.longTexts), raw.toString('latin1'))
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
      // Short escapes are told from their characters only where long ones stand among them.
      const bytes = Buffer.byteLength(written.includes('\\u') ? text : written.slice(1, -1))
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

/** The JSON of a text as clients write it that know ASCII only. */
const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

t.test('characters that are written as numbers count as what they stand for', async (t) => {
  for (const unit of ['水', 'ж', 'é', '🚂', '\ud7ff', '\u0800', '\u07ff', '\u0080', 'a"\\\n水', 'C:\\users\\水'])
    for (const count of [200, 2_000, 48_000]) {
      const text = unit.repeat(count)
      const json = ascii(text)
      // Of a text that is parsed whole, a character of one byte and the byte of a longer character look alike.
      if (json.length < LONGEST_TEXT && /[\x80-\xff]/.test(text)) continue
      for (const way of [json, json.replace(/\\u..../g, (escape) => `\\u${escape.slice(2).toUpperCase()}`)]) {
        const raw = Buffer.from(`{"model":"m","messages":[{"content":${way}}],"fill":"${FILL}"}`)
        const bytes = textBytes(contentOf(parseBody(raw, CHAT).prompt.body))
        if (bytes !== Buffer.byteLength(text)) t.equal(bytes, Buffer.byteLength(text), `${count} times ${ascii(unit)}`)
      }
    }
  t.pass('all sizes agree')
})

t.test('a prompt is as long in ASCII as in UTF-8, whatever the size of its body', async (t) => {
  for (const count of [1_000, 9_000, 48_000]) {
    const text = '中文字符'.repeat(count / 4)
    const [plain, escaped] = [JSON.stringify(text), ascii(text)].map((json) => {
      const raw = Buffer.from(`{"model":"m","messages":[{"role":"user","content":${json}}]}`)
      return classify(gatewayRequest('{}', { raw, prompt: parseBody(raw, CHAT).prompt })).longestTokens
    })
    t.ok(Math.abs(escaped! / plain! - 1) < 0.02, `${count} characters: ${escaped} and ${plain}`)
  }
})

t.test('the look for escapes takes linear time', async (t) => {
  const time = (texts: number): number => {
    const raw = Buffer.from(JSON.stringify({ model: 'm', messages: Array.from({ length: texts }, () => 'y'.repeat(4_200)) })) // prettier-ignore
    const before = process.cpuUsage()
    parseBody(raw, CHAT)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  time(250)
  const small = Math.min(time(250), time(250))
  const large = Math.min(time(4_000), time(4_000))
  t.ok(large < 64 * Math.max(small, 500), `${small} µs, then ${large} µs for sixteen times as many`)
})

t.test('what is broken outside of the cut strings is still broken', async (t) => {
  const whole = JSON.stringify(body('short'))
  for (const bad of [whole.slice(0, -1), whole.replace('"model":', '"model"'), whole.slice(0, 40_000)]) {
    t.throws(() => parseBody(Buffer.from(bad), CHAT), { code: 'invalid_json' })
  }
})

t.test('the estimate of tokens counts what was cut', async (t) => {
  const request = gatewayRequest(body('z'.repeat(400_000)))
  const { inputTokens } = classify({ ...request, prompt: parseBody(request.raw, CHAT).prompt })
  const whole = classify(request).inputTokens
  t.ok(Math.abs(inputTokens / whole - 1) < 0.02, `${inputTokens} and ${whole}`)
})
