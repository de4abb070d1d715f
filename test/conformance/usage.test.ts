import { OPENAI } from '../../src/formats/openai/openai.ts'
import { PROVIDERS } from '../config/load.ts'
import t from 'tap'
import { costOf } from '../../src/accounting/cost.ts'
import { catalogueOf } from '../../src/decision/catalogue/catalogue.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import type { Usage } from '../../src/core/settlement.ts'
import { readBody } from '../../src/formats/openai/body.ts'
import { finishBody } from '../../src/formats/openai/shapes.ts'
import { OpenAIAnswerReader } from '../../src/formats/openai/answer-reader.ts'
import { OpenAIAnswerState } from '../../src/formats/openai/answer-state.ts'
import type { UsageWish } from '../../src/formats/openai/usage-chunk.ts'
import { readUsage } from '../../src/formats/openai/usage.ts'
import { StreamReader } from '../../src/backends/upstream/stream-reader.ts'
import { backend, gatewayRequest } from '../support/factories.ts'
import { ANSWERS, type RecordedAnswer } from './answers.ts'

/** A time of day at which DeepSeek has its usual price. */
const NOON = Date.UTC(2026, 10, 1, 12)
const EOLS = ['\n', '\r\n', '\r'] as const

const bytesOf = ({ stream }: RecordedAnswer, eol = '\n'): Buffer =>
  Buffer.from(
    [...stream, '[DONE]']
      .map((one) =>
        typeof one === 'string' ? (one.startsWith(':') ? one : `data: ${one}`) : `data: ${JSON.stringify(one)}`,
      )
      .map((line) => `${line}${eol}${eol}`)
      .join(''),
  )

interface Heard {
  readonly usage: Usage | null
  readonly out: Buffer
  readonly chunks: readonly Readonly<Record<string, unknown>>[]
}

function hear(pieces: readonly Buffer[], wish: UsageWish): Heard {
  const stream_options = { include_usage: wish !== 'hidden', continuous_usage_stats: wish === 'everywhere' }
  const request = gatewayRequest({ model: 'm', stream: true, stream_options }, { id: 'r' })
  const answer = new OpenAIAnswerReader(request, { inputTokens: 1, checks: null, nowMs: 0, clock: () => 0 })
  const track = answer.state
  const reader = new StreamReader({
    call: { backend: backend(), answer, format: OPENAI.backend },
    bufferBytes: 1 << 20,
    retryAfterMs: null,
  })
  const out: Buffer[] = []
  let done = false
  for (const piece of pieces) {
    if (done) break
    const reading = reader.push(piece)
    if (reading.failure !== null) throw reading.failure
    if (reading.out !== null) out.push(reading.out)
    done = reading.done
  }
  if (!done) throw new Error('no end')
  const all = Buffer.concat(out)
  const data = all
    .toString()
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
  return {
    usage: track.reported,
    out: all,
    chunks: data.map((event) => JSON.parse(event.slice(6)) as Record<string, unknown>),
  }
}

function heardWhole(whole: object): { readonly usage: Usage | null; readonly body: Buffer } {
  const track = new OpenAIAnswerState()
  const raw = Buffer.from(JSON.stringify(whole))
  if (readBody(raw, track) !== null) throw new Error('not an answer')
  return { usage: track.reported, body: finishBody(gatewayRequest({}, { endpoint: CHAT }), raw, track) }
}

const told = (chunk: Readonly<Record<string, unknown>>): Usage | null => {
  const usage = readUsage(chunk['usage'])
  const tier = chunk['service_tier']
  return usage && { ...usage, tier: typeof tier === 'string' ? tier : usage.tier }
}

for (const answer of ANSWERS) {
  const { name, usage, listed, nanoUsd } = answer
  t.test(name, async (t) => {
    t.strictSame(heardWhole(answer.whole).usage, usage, 'whole')
    t.strictSame(hear([bytesOf(answer)], 'hidden').usage, usage, 'streamed')

    const price = listed === null ? null : (catalogueOf(PROVIDERS.get(listed.kind)!, listed.model, NOON)?.price ?? null)
    t.equal(price === null, listed === null, 'it has a list price, or none')
    t.equal(costOf(usage, price, 0)?.nanoUsd ?? null, nanoUsd, 'cost')
    t.equal(costOf(usage, price, 0)?.estimated ?? false, false)
    if (nanoUsd === null) {
      const hourly = { ...NO_PRICE, perGpuHour: 3.6 }
      t.strictSame(costOf(usage, hourly, 0.5), { nanoUsd: 500_000, source: 'engine_time', estimated: false })
    }
  })

  t.test(`${name}: what callers see`, async (t) => {
    const hidden = hear([bytesOf(answer)], 'hidden')
    t.notMatch(hidden.out.toString(), /"usage": ?\{/, 'none, where they did not ask')
    const asked = hear([bytesOf(answer)], 'end')
    t.equal(asked.out.toString().match(/"usage": ?\{/g)?.length, 1, 'one')
    t.strictSame(asked.chunks.at(-1)?.['choices'], [], 'in the last event, which has no choices')
    t.strictSame(told(asked.chunks.at(-1)!), usage, 'that says the same')
    t.match(asked.chunks.at(-1)?.['usage'], { prompt_tokens: usage.input }, "by OpenAI's names")
    t.match(
      JSON.parse(heardWhole(answer.whole).body.toString()),
      { usage: { prompt_tokens: usage.input } },
      'as in a whole answer',
    )
  })

  t.test(`${name}: a gateway behind a gateway`, async (t) => {
    const inner = hear([bytesOf(answer)], 'end').out
    const outer = hear([inner, Buffer.from('data: [DONE]\n\n')], 'end')
    t.strictSame(outer.usage, usage)
    t.equal(outer.out.toString(), inner.toString(), 'byte for byte')
    t.strictSame(heardWhole(JSON.parse(heardWhole(answer.whole).body.toString()) as object).usage, usage)
  })

  t.test(`${name}: cut anywhere`, async (t) => {
    for (const eol of EOLS) {
      const bytes = bytesOf(answer, eol)
      const uncut = hear([bytes], 'end')
      t.strictSame(uncut.usage, usage)
      const each = hear(
        [...bytes].map((byte) => Buffer.from([byte])),
        'end',
      )
      t.ok(each.out.equals(uncut.out), 'each byte alone')
      t.strictSame(each.usage, usage)
      let same = true
      for (let at = 1; at < bytes.length; at += 7) {
        const cut = hear([bytes.subarray(0, at), bytes.subarray(at)], 'end')
        same &&= cut.out.equals(uncut.out) && JSON.stringify(cut.usage) === JSON.stringify(usage)
      }
      t.ok(same, 'in two')
    }
  })
}

t.test('the usual chunk of usage goes through as it came', async (t) => {
  for (const name of ['OpenAI', 'vLLM, counting as it goes', 'OpenRouter, with its own word on the cost']) {
    const answer = ANSWERS.find((one) => one.name === name)!
    const last = `data: ${JSON.stringify(answer.stream.at(-1))}\n\n`
    t.ok(
      hear([bytesOf(answer)], 'end')
        .out.toString()
        .endsWith(last),
      name,
    )
  }
})
