import t from 'tap'
import { classifier } from '../../src/decision/classify/profile.ts'
import { loadWeights } from '../../src/classifier-file.ts'
import { CHAT, COMPLETIONS, EMBEDDINGS, RERANK, type Endpoint } from '../../src/core/endpoints.ts'
import { atOnce, type Steps } from '../../src/core/slices.ts'
import type { GatewayRequest } from '../../src/core/types.ts'
import { parseLargeBody } from '../../src/formats/openai/request.ts'
import { composeInSteps } from '../../src/formats/openai/compose.ts'
import { deployment, backend, gatewayRequest } from '../support/factories.ts'

const classify = classifier(await loadWeights())

const quirks = { roles: { developer: 'system' }, dropFromMessages: ['name'], shortToolIds: true, rerankStrings: true }
const base = backend()
const PLAIN = { effort: null, changes: [], maxTokens: null, lossy: [] }
const picky = deployment('up/other', {
  backend: { ...base, provider: { ...base.provider, request: { ...base.provider.request, ...quirks } } },
})

const filled = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => one(index))

const SHAPES: Readonly<Record<string, readonly [endpoint: Endpoint, body: object]>> = {
  '16,000 messages': [
    CHAT,
    { messages: filled(16_000, (i) => ({ role: i % 2 ? 'developer' : 'user', content: `hello there ${i}` })) },
  ],
  '12,000 messages with names and ids': [
    CHAT,
    { messages: filled(12_000, (i) => ({ role: 'tool', name: 'n', tool_call_id: `call ${i}`, content: 'x' })) },
  ],
  'calls of tools': [
    CHAT,
    {
      messages: filled(7_000, (i) => ({
        role: 'assistant',
        tool_calls: [{ id: `call ${i}`, function: { name: 'f' } }],
      })),
    },
  ],
  '20,000 parts': [
    CHAT,
    { messages: [{ role: 'developer', content: filled(20_000, (i) => ({ type: 'text', text: `word ${i}` })) }] },
  ],
  '24,000 texts of 600 characters': [
    CHAT,
    { messages: filled(24_000, (i) => ({ role: 'user', content: `${'some words '.repeat(55)}${i}` })) },
  ],
  'embeddings of 100,000 short texts': [
    EMBEDDINGS,
    { input: filled(100_000, (i) => `a text of some words number ${i}`) },
  ],
  'embeddings of 900,000 words': [EMBEDDINGS, { input: filled(900_000, () => 'w') }],
  'embeddings of 20,000 long texts': [EMBEDDINGS, { input: filled(20_000, () => 'some words '.repeat(100)) }],
  '19 MB of numbers': [EMBEDDINGS, { input: filled(980, () => filled(1_000, (i) => Math.sin(i + 1))) }],
  '900,000 prompts': [COMPLETIONS, { prompt: filled(900_000, () => 'w') }],
  '24,000 documents as objects': [
    RERANK,
    { query: 'q', documents: filled(24_000, (i) => ({ text: `document ${i}`, title: 'x' })) },
  ],
  '400,000 documents': [RERANK, { query: 'q', documents: filled(400_000, (i) => `document ${i}`) }],
  'a prompt of 30 MB': [CHAT, { messages: [{ role: 'developer', content: 'word '.repeat(6_000_000) }] }],
}

/** Runs steps and notes the longest, in ms. */
function run<T>(steps: Steps<T>, note: (ms: number) => void): T {
  for (;;) {
    const before = performance.now()
    const step = steps.next()
    note(performance.now() - before)
    if (step.done === true) return step.value
  }
}

for (const [name, [endpoint, body]] of Object.entries(SHAPES))
  t.test(
    `nothing that is done for a request holds the event loop for long: ${name}`,
    { timeout: 60_000 },
    async (t) => {
      const raw = Buffer.from(JSON.stringify({ model: 'm', ...body }))
      let best = Infinity
      let what = ''
      // The machine may be busy with others: the shortest of several is that of the work.
      for (let round = 0; round < 6 && best > 30; round++) {
        let longest = 0
        let slowest = ''
        const noting =
          (stage: string) =>
          (ms: number): void => {
            if (ms <= longest) return
            longest = ms
            slowest = stage
          }
        const parsed = run(parseLargeBody(raw, endpoint), noting('parse'))
        const request: GatewayRequest = { ...gatewayRequest({ model: 'm', messages: [] }), ...parsed, endpoint, raw }
        const before = performance.now()
        const profile = classify(request)
        noting('classify')(performance.now() - before)
        t.ok(profile.inputTokens > 0)
        const sent = run(composeInSteps(request, picky, PLAIN), noting('compose'))
        t.ok(Buffer.concat(sent).length > 1_000)
        if (longest >= best) continue
        best = longest
        what = slowest
      }
      t.comment(`${name}: ${best.toFixed(1)} ms (${what})`)
      // 50 by itself; a machine that runs seven other test files takes longer for the same.
      t.ok(best < 90, `${best.toFixed(1)} ms in ${what}`)
    },
  )

t.test('messages and documents that change are the ones that have to; all others stay byte for byte', async (t) => {
  const messages = filled(300, (i) => ({
    ...(i % 3 === 0 ? { role: 'developer', name: 'n' } : { role: 'user' }),
    content: i % 5 === 0 ? [{ type: 'text', text: 'ü"\\' }] : `text ${i}`,
    number: 1.5e-7,
  }))
  const odd = JSON.stringify(messages).replaceAll('},{"role"', '} ,\n {"role"').replaceAll('1.5e-7', '0.00000015000')
  const request = gatewayRequest({ model: 'm', messages: [] })
  const raw = Buffer.from(`{"model":"m","messages":${odd},"z":[1, 2]}`)
  const pieces = atOnce(composeInSteps({ ...request, ...atOnce(parseLargeBody(raw, CHAT)), raw }, picky, PLAIN))
  const sent = Buffer.concat(pieces).toString()
  const expected = messages.map((message) => {
    const { role, content, number } = message
    return { role: role === 'developer' ? 'system' : role, content, number }
  })
  const got = JSON.parse(sent) as { messages: object[] }
  t.strictSame(got.messages, expected)
  t.equal(sent.match(/0\.00000015000/g)?.length, 300)
  t.match(sent, '"z":[1, 2]')
})
