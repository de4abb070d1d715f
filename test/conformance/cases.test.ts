/** The inputs of other people's bug reports, played by a backend: what the caller gets, and what is written down. */
import OpenAI from 'openai'
import t from 'tap'
import { caseJson, caseStream, noCases } from '../support/cases.ts'
import { chat, chatStream, CHAT_PATH, readStream, type Summary } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { type Outcome, outcomeOf } from '../support/outcome.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

interface Expected {
  /** Code of the error that the caller sees behind what came; null = a regular end. */
  readonly error: string | null
  readonly text: string
  readonly finish: string | null
  readonly success: boolean
  readonly wasted: string | null
}

const CUT = { error: 'upstream_incomplete', finish: null, success: false, wasted: 'truncated' } as const
const STREAMS: Readonly<Record<string, Expected>> = {
  '01-finish-empty-then-fin.sse': { ...CUT, text: 'The answer is forty' },
  '01b-finish-word-null-then-fin.sse': { ...CUT, text: 'The answer is forty' },
  '01c-n2-second-choice-cut.sse': { ...CUT, finish: 'stop', text: 'onethe second is' },
  '01d-stop-then-empty-finish-with-usage.sse': { error: null, text: 'hi', finish: 'stop', success: true, wasted: null },
  '07-finish-eos_token.sse': { error: null, text: 'Paris.', finish: 'stop', success: true, wasted: null },
  '16-finished-but-open.sse': { error: null, text: 'Paris.', finish: 'stop', success: true, wasted: null },
}

const seen = (got: Summary, outcome: Outcome): Expected => ({
  error: got.errors[0]?.code ?? null,
  text: got.text,
  finish: outcome.finish,
  success: outcome.success,
  wasted: outcome.wasted?.reason ?? null,
})

for (const [file, expected] of Object.entries(STREAMS))
  t.test(file, { skip: noCases }, async (t) => {
    const stream = caseStream(file)
    const plan: Plan = { ...stream, ...(file.startsWith('16') ? { stallAfter: stream.events.length } : {}) }
    const { gateway, upstream } = await singleRig(t)
    upstream.next(plan)
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream(), { 'x-request-id': 'one' }))
    t.strictSame(seen(got, await outcomeOf(gateway, 'one')), expected)
    t.strictSame([got.dones, got.doneLast], [1, true])
    const [request] = upstream.requests
    if (file.startsWith('16')) await request!.closed
  })

t.test(
  'a tool call without an index reaches the SDK (02-tool-call-without-index.sse)',
  { skip: noCases },
  async (t) => {
    const { gateway, upstream } = await singleRig(t, { plan: caseStream('02-tool-call-without-index.sse') })
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
    const stream = openai.chat.completions.stream({ model: 'tiny', messages: [{ role: 'user', content: 'x' }] })
    const { choices } = await stream.finalChatCompletion()
    t.match(choices[0], {
      finish_reason: 'tool_calls',
      message: {
        tool_calls: [
          {
            id: 'function-call-1',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
            extra_content: { google: { thought_signature: 'sig' } },
          },
        ],
      },
    })
    t.equal(upstream.requests.length, 1)
  },
)

t.test('20-role-then-error.sse: the next backend is asked', { skip: noCases }, async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.next({ ...caseStream('20-role-then-error.sse') })
  const body = { ...chatStream(), model: 'pair' }
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, body, { 'x-request-id': 'two' }))
  t.equal(got.errors.length, 0)
  t.equal(upstreams.b.requests.length, 1)
  t.match(await outcomeOf(gateway, 'two'), {
    success: true,
    attempts: [
      { backend: 'a', error: 'upstream_error' },
      { backend: 'b', error: null },
    ],
  })
})

t.test('21-reasoning-only.json: there is no answer', { skip: noCases }, async (t) => {
  const { gateway, upstream } = await singleRig(t)
  upstream.next({ body: caseJson('21-reasoning-only.json') })
  await (await rawPost(gateway.url, CHAT_PATH, chat(), { 'x-request-id': 'three' })).body()
  t.match(await outcomeOf(gateway, 'three'), { success: false, why: 'empty', wasted: { reason: 'empty' } })
})
