/** What is too large to be held is no fault of the backend: it does not rest, and no other one is called. */
import t from 'tap'
import {
  chat,
  CHAT_PATH,
  chatStream,
  COMPLETIONS_PATH,
  errorOf,
  readStream,
  RERANK_PATH,
  type WireError,
} from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { outcomeOf } from '../support/outcome.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'
import { pairRig } from '../support/rig.ts'

const LARGE = 'x'.repeat(200_000)
const event = (content: string, finish: string | null = null): string =>
  JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })
const text = (content: string): string =>
  JSON.stringify({ id: 'c', model: 'tiny', choices: [{ index: 0, text: content, finish_reason: null }] })
const scores = Array.from({ length: 4_000 }, (_, index) => ({ index, score: 0.5, document: 'sea' }))
const answer = {
  id: 'c',
  object: 'chat.completion',
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', content: LARGE }, finish_reason: 'stop' }],
}

/** Name: path, body, plan of the backend. */
const ROWS: Readonly<Record<string, readonly [string, object, Plan]>> = {
  'a rerank answer that is a bare list': [
    RERANK_PATH,
    { query: 'water', documents: ['sea', 'stone'] },
    { body: JSON.stringify(scores), contentType: 'application/json' },
  ],
  'a whole answer in place of a stream': [CHAT_PATH, chatStream(), { body: answer }],
  'a whole answer in place of a stream, without a length': [
    CHAT_PATH,
    chatStream(),
    { body: answer, untilClose: true },
  ],
  'a whole answer in place of a stream, under the label of a stream': [
    CHAT_PATH,
    chatStream(),
    { body: answer, contentType: 'text/event-stream' },
  ],
  'the first event': [CHAT_PATH, chatStream(), { events: [event(LARGE)] }],
  'the first event that says something': [CHAT_PATH, chatStream(), { events: [event(''), event(LARGE)] }],
  'the first event of a legacy completion': [
    COMPLETIONS_PATH,
    { prompt: 'x', stream: true },
    { events: [text(LARGE)] },
  ],
  'an event after others': [CHAT_PATH, chatStream(), { events: [event('Hi'), event(LARGE), event('', 'stop')] }],
  'a compressed event after others': [
    CHAT_PATH,
    chatStream(),
    { events: [event('Hi'), event(LARGE), event('', 'stop')], encoding: 'gzip' },
  ],
}

async function errorIn(response: RawResponse): Promise<WireError | undefined> {
  if (response.status !== 200) return errorOf(await response.json())
  const { errors, doneLast } = await readStream(response)
  return doneLast ? errors[0] : undefined
}

for (const [name, [path, body, plan]] of Object.entries(ROWS))
  t.test(`too large: ${name}`, async (t) => {
    const { gateway, upstreams } = await pairRig(t, { limits: { buffer: '64KiB' } })
    upstreams.a.set({ plan })
    upstreams.b.set({ plan })
    const model = path === RERANK_PATH ? 'tiny' : 'pair'
    for (let round = 1; round <= 4; round++) {
      const id = `r${round}`
      const response = await rawPost(gateway.url, path, { ...body, model }, { 'x-request-id': id })
      const error = await errorIn(response)
      t.match(error, { code: 'answer_too_large', source: 'turnout', message: /`limits\.buffer`/ })
      const { attempts } = await outcomeOf(gateway, id)
      t.match(attempts, [{ error: 'answer_too_large' }])
      if (model === 'pair') t.equal(attempts[0]!.backend, 'a', 'it did not rest')
    }
    t.equal(upstreams.a.requests.length + upstreams.b.requests.length, 4, 'one call for each')
    const health = await (await fetch(`${gateway.url}/health`)).text()
    t.notMatch(health, /"resting_ms":[1-9]|down/)
    upstreams.a.set({})
    const good = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
    t.same([good.status, good.headers['x-turnout-backend']], [200, 'a'])
    await good.complete
  })
