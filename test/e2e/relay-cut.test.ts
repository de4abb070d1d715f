import t from 'tap'
import { chatStream, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import type { Cut, Plan } from '../support/fault-plan.ts'
import { WORDS } from '../support/openai-answers.ts'
import { pick, seeded } from '../support/random.ts'
import { rawPost } from '../support/raw-client.ts'
import type { SingleRig } from '../support/rig.ts'
import { singleRig } from '../support/rig.ts'

const TEXT = WORDS.join('')
const HOW: readonly Cut[] = ['reset', 'fin', 'end']

/** What is wrong with the answer to a stream that broke off; null where the caller was told rightly. */
async function verdict({ gateway, upstream }: SingleRig, plan: Plan): Promise<string | null> {
  upstream.next(plan)
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
  if (response.status !== 200) {
    const error = errorOf(await response.json())
    return error.source === 'upstream' ? null : `source ${error.source}`
  }
  const got = await readStream(response)
  if (!got.doneLast || got.dones !== 1) return `${got.dones} [DONE]`
  if (!TEXT.startsWith(got.text)) return `text ${JSON.stringify(got.text)}`
  if (got.errors.length > 1) return `${got.errors.length} errors`
  if (got.errors.length === 1) return errorOf({ error: got.errors[0] }).source === 'upstream' ? null : 'blames another'
  return got.finish !== null && got.text === TEXT ? null : `silent end after ${JSON.stringify(got.text)}`
}

t.test('a stream cut between any two events says so', async (t) => {
  const rig = await singleRig(t)
  for (const how of HOW)
    for (let events = 0; events <= WORDS.length + 3; events++) {
      t.equal(await verdict(rig, { cut: { events, how } }), null, `${how} after ${events} events`)
    }
})

t.test('200 streams cut at random bytes: none ends in silence', async (t) => {
  const rig = await singleRig(t)
  const random = seeded(27)
  const wrong: string[] = []
  for (let i = 0; i < 200; i++) {
    const bytes = Math.floor(random() * 2_900)
    const how = pick(random, HOW)
    const found = await verdict(rig, { cut: { bytes, how } })
    if (found !== null) wrong.push(`${how} at ${bytes}: ${found}`)
  }
  t.same(wrong, [])
  t.equal(rig.upstream.requests.length, 200)
})

t.test('an error inside a stream reaches the caller, then [DONE]', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const form of ['object', 'flat', 'event'] as const) {
    upstream.next({ inBand: { after: 4, form, message: 'the engine fell over', code: 500 } })
    const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
    t.equal(response.status, 200)
    const got = await readStream(response)
    t.equal(got.text, WORDS.slice(0, 3).join(''), form)
    t.equal(got.errors.length, 1, form)
    const error = errorOf({ error: got.errors[0] })
    t.match(error, { message: /fell over/, source: 'upstream' }, form)
    t.same([got.dones, got.doneLast], [1, true], form)
  }
})

t.test('an error as the first event has its own status, and a 4xx is not retried', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const cases = [
    { code: 400, type: 'invalid_request_error', status: 400, source: 'caller' },
    { code: 500, type: 'server_error', status: 502, source: 'upstream' },
    { code: 429, type: 'rate_limit_error', status: 429, source: 'upstream' },
    { code: 503, type: 'server_error', status: 503, source: 'upstream' },
  ]
  for (const { status, source, ...rest } of cases)
    for (const form of ['object', 'flat', 'event'] as const) {
      const before = upstream.requests.length
      upstream.next({ inBand: { after: 0, form, message: 'refused inside', ...rest } })
      const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
      t.equal(response.status, status, `${form} ${rest.code}`)
      if (response.status === 200) continue
      t.match(errorOf(await response.json()), { message: /refused inside/, source }, `${form} ${rest.code}`)
      t.equal(upstream.requests.length - before, 1, `${form} ${rest.code}: asked once`)
    }
})

t.test('an event that is no JSON ends the stream with an error, before or after the first', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const how of ['text', 'truncated'] as const) {
    upstream.next({ malformed: { at: 0, how } }, { malformed: { at: 4, how } })
    const first = await rawPost(gateway.url, CHAT_PATH, chatStream())
    t.equal(first.status, 502, how)
    t.equal(errorOf(await first.json()).code, 'upstream_bad_response')
    const later = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(later.errors[0]?.code, 'upstream_bad_response', how)
    t.same([later.dones, later.doneLast], [1, true])
  }
})
