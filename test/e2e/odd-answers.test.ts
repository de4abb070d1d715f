import t from 'tap'
import { chat, CHAT_PATH, errorOf, summarize } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { WORDS } from '../support/openai-answers.ts'
import { pick, seeded } from '../support/random.ts'
import type { RawResponse } from '../support/raw-client.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const STATUSES = [
  200, 200, 200, 201, 204, 206, 300, 302, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 418, 422, 425, 429, 451,
  498, 499, 500, 501, 502, 503, 504, 520, 529, 599, 600, 999,
]
const TYPES = [
  'application/json',
  'text/event-stream',
  'text/html',
  'text/plain; charset=latin1',
  '',
  'application/octet-stream',
  'application/problem+json',
]
const CODES = [400, '400', 'overloaded', null, true, [], {}, -1, 1e21, 429.5, '', 'x'.repeat(5_000)]
const MESSAGES = [
  'boom',
  '',
  null,
  42,
  ['a', 'b'],
  { nested: { deep: true } },
  '{"error":{"message":"inner"}}',
  '{"error":',
  '\u0000\u001b[31m',
  '水'.repeat(3_000),
  'stream_options',
  '</script>',
]

const DEEP = `${'{"error":'.repeat(200)}"deep"${'}'.repeat(200)}`
const BODIES: readonly (string | Buffer)[] = [
  '', ' ', '\n\n', 'null', 'true', '0', '""', '[]', '[[]]', '[{"error":"in a list"}]', '{', '}', '{}', '{"choices":null}', '{"choices":{}}', '{"choices":[]}', '{"choices":[null]}',
  '{"choices":[{"error":{"code":502,"message":"provider"}}]}', '{"error":null}', '{"error":""}', '{"error":[]}', '{"error":0}', '{"error":"text"}', '{"object":"error"}',
  '{"detail":"Not Found"}', '{"detail":[{"loc":["body"],"msg":"field required"}]}', '{"message":"plain"}', '{"error":{"message":{"error":"object"}}}', '<html><body>502</body></html>',
  'Internal Server Error', 'data: {"error":"x"}\n\n', 'data: [DONE]\n\n', 'data:\n\n', ': only a comment\n\n', 'event: error\ndata: {}\n\n', 'data: null\n\n', 'data: []\n\n', 'data: 7\n\n',
  DEEP, Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from([0x1f, 0x8b, 0x08, 0x00]), Buffer.alloc(100_000, 0x7b),
] // prettier-ignore

function oddPlan(random: () => number): Plan {
  const error = {
    message: pick(random, MESSAGES),
    code: pick(random, CODES),
    type: pick(random, CODES),
    param: pick(random, CODES),
    status: pick(random, CODES),
  }
  const shaped = [{ error }, { object: 'error', ...error }, { ...error }, [{ error }]]
  const body = random() < 0.4 ? JSON.stringify(pick(random, shaped)) : pick(random, BODIES)
  const text = typeof body === 'string' && random() < 0.2 ? `data: ${body}\n\ndata: [DONE]\n\n` : body
  const headers: Record<string, string> =
    random() < 0.3
      ? { 'retry-after': pick(random, ['', 'soon', '-1', '1e9', '0', 'Thu, 01 Jan 1970 00:00:00 GMT']) }
      : {}
  if (random() < 0.1) headers['content-encoding'] = pick(random, ['gzip', 'br', 'x-odd', 'identity'])
  return { status: pick(random, STATUSES), body: text, contentType: pick(random, TYPES), headers }
}

/** What is wrong with an answer; null where it keeps the contract. */
async function fault(response: RawResponse): Promise<string | null> {
  if (response.headers['content-type']?.startsWith('text/event-stream')) {
    const got = summarize(await response.blocks())
    got.errors.forEach((error) => errorOf({ error }))
    return got.dones === 1 && got.doneLast ? null : 'no [DONE]'
  }
  const body = await response.json()
  if (response.status === 200)
    return typeof body === 'object' && !('error' in body && body.error) ? null : 'an error with 200'
  if (response.status < 400 || response.status > 599) return `status ${response.status}`
  const error = errorOf(body)
  if (error.source === 'turnout') return `blames itself: ${error.message}`
  const wait = response.headers['retry-after']
  return wait === undefined || /^\d+$/.test(wait) ? null : `retry-after ${wait}`
}

t.test('400 odd answers of a backend: each becomes an answer of the contract', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const random = seeded(36)
  const wrong: string[] = []
  for (let i = 0; i < 400; i++) {
    const plan = oddPlan(random)
    const stream = random() < 0.5
    upstream.set({ plan })
    const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(), stream })
    const found = await fault(response).catch((thrown: unknown) => String(thrown))
    if (found !== null)
      wrong.push(
        `${i} (${plan.status}, ${plan.contentType}, ${JSON.stringify(plan.body).slice(0, 60)}, stream ${stream}): ${found}`,
      )
    errorCount(upstream.requests.length, i)
  }
  t.same(wrong, [])
  upstream.set({})
  const good = await rawPost(gateway.url, CHAT_PATH, chat())
  t.match(await good.json(), { choices: [{ message: { content: WORDS.join('') } }] }, 'and the gateway still works')
})

/** A backend that is asked less often than the caller asks would hide the odd answers from this test. */
function errorCount(asked: number, i: number): void {
  if (asked < i + 1) throw new Error(`request ${i} did not reach the upstream`)
}
