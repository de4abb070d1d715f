/** A backend that fails before it has said anything is no backend that the caller is bound to. */
import t from 'tap'
import { letPass } from '../support/await.ts'
import { chatStream, CHAT_PATH, COMPLETIONS_PATH, readStream } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import { WORDS } from '../support/openai-answers.ts'
import { outcomeOf } from '../support/outcome.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

const chunk = (delta: object): string =>
  JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index: 0, delta, finish_reason: null }] })
const ERROR = JSON.stringify({
  error: { message: 'EngineCore encountered an issue', type: 'InternalServerError', code: 500 },
})

const EMPTY: Readonly<Record<string, string>> = {
  'a role': chunk({ role: 'assistant', content: '' }),
  'an empty delta': chunk({}),
  'an empty piece of reasoning': chunk({ reasoning_content: '' }),
  "OpenRouter's reasoning without a word": chunk({
    role: 'assistant',
    content: '',
    reasoning_details: [{ type: 'reasoning.text', text: '', format: 'anthropic-claude-v1', id: 'rs_1', index: 0 }],
  }),
  'empty parts': chunk({ role: 'assistant', content: [{ type: 'text', text: '' }], tool_calls: [] }),
  "Azure's filter results": JSON.stringify({
    id: '',
    model: '',
    choices: [],
    prompt_filter_results: [{ prompt_index: 0 }],
  }),
  'a ping': JSON.stringify({ type: 'ping' }),
  'empty legacy text': JSON.stringify({
    id: 'c',
    model: 'tiny',
    choices: [{ index: 0, text: '', finish_reason: null }],
  }),
}

const FAILURES: Readonly<Record<string, (events: readonly string[]) => Plan>> = {
  'an error inside': (events) => ({ events: [...events, ERROR], done: false }),
  'the end of the connection': (events) => ({ events, done: false }),
  'a reset': (events) => ({ events, done: false, cut: { events: events.length, how: 'reset' } }),
  silence: (events) => ({ events, stallAfter: events.length }),
  'what is no JSON': (events) => ({ events: [...events, '{"choices":[{"delta":'], done: false }),
  'the end of a stream with nothing in it': (events) => ({ events }),
}

for (const [how, plan] of Object.entries(FAILURES))
  t.test(`the next backend is asked where there was nothing before ${how}`, async (t) => {
    for (const [name, event] of Object.entries(EMPTY)) {
      // A new one for each: what failed rests.
      const { gateway, upstreams } = await pairRig(t, { limits: { ttft: '300ms', idle: '20s' } })
      upstreams.a.next(plan([event]))
      const id = name.replaceAll(/\W/g, '-')
      const legacy = name.includes('legacy')
      const body = legacy ? { model: 'pair', prompt: 'x', stream: true } : { ...chatStream(), model: 'pair' }
      const path = legacy ? COMPLETIONS_PATH : CHAT_PATH
      const got = await readStream(await rawPost(gateway.url, path, body, { 'x-request-id': id }))
      t.strictSame([got.errors, got.text, got.doneLast], [[], WORDS.join(''), true], name)
      t.notOk(JSON.stringify(got.chunks).includes('prompt_filter_results'), 'nothing of the one that failed is sent')
      const outcome = await outcomeOf(gateway, id)
      t.match(outcome, { success: true, attempts: [{ backend: 'a' }, { backend: 'b', error: null }] }, name)
      t.ok(outcome.attempts[0]!.error)
    }
  })

t.test(
  'the time to the first token is that of the first word, and what was held goes out before it, in order',
  async (t) => {
    const gate = deferred<true>()
    const events = [
      JSON.stringify({ id: '', model: '', choices: [], prompt_filter_results: [] }),
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Paris' }),
      JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    ]
    const { gateway, upstream } = await singleRig(
      t,
      { plan: { events, pace: (at) => (at === 2 ? gate.promise : undefined) } },
      { limits: { keep_alive: '60ms' } },
    )
    const answer = rawPost(gateway.url, CHAT_PATH, chatStream(), { 'x-request-id': 'one' })
    await upstream.waitRequest(1)
    const response = await answer
    await letPass(250, 'it is the time to the first token that is measured')
    gate.resolve(true)
    const got = await readStream(response)
    t.ok(got.comments >= 2, 'the line was kept open meanwhile')
    t.strictSame(
      got.chunks.map((one) => JSON.stringify(one)),
      events,
    )
    const { ttft_ms } = await outcomeOf(gateway, 'one')
    t.ok(ttft_ms! >= 240, `${ttft_ms} ms`)
  },
)
