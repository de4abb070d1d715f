/** What the form of the Responses API has no word for is refused before a backend that has no other, rather than answered without it. */
import t from 'tap'
import { formatRig } from '../support/format-rig.ts'
import { rawPost } from '../support/raw-client.ts'

const EXPLAIN = { 'x-turnout-explain': '1' }
const MESSAGES = [{ role: 'user', content: 'Hi' }]
const WISHES: readonly (readonly [wish: object, named: RegExp])[] = [
  [{ n: 2 }, /more than one choice/],
  [{ logit_bias: { 1: 5 } }, /no logit_bias/],
  [{ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, /no modalities/],
  [{ web_search_options: {} }, /no web_search_options/],
]

await t.test(
  'what the Responses API cannot say of a chat, and its answer cannot do without, is refused by name',
  async (t) => {
    const { gateway, upstream } = await formatRig(t)
    for (const [wish, named] of WISHES) {
      const body = { model: 'openai-responses/parrot', messages: MESSAGES, ...wish }
      const answer = await rawPost(gateway.url, '/v1/chat/completions', body)
      t.equal(answer.status, 400, JSON.stringify(wish))
      t.match((await answer.body()).toString(), named)
    }
    t.equal(upstream.heard.length, 0)
  },
)

await t.test('the same is asked of a backend that has both, in its form of chats', async (t) => {
  const { gateway, upstream } = await formatRig(t, {}, { formats: ['openai-chat', 'openai-responses'] })
  const body = { model: 'openai-responses/parrot', messages: MESSAGES, n: 2 }
  t.equal((await rawPost(gateway.url, '/v1/chat/completions', body)).status, 200)
  t.equal(upstream.last().format, 'openai-chat')
})

await t.test(
  'how likely the tokens are is asked for in the words of each form that has them, and none calls it lost',
  async (t) => {
    const { gateway, upstream } = await formatRig(t)
    const include = ['message.output_text.logprobs']
    const asked = {
      'openai-chat': { logprobs: true, top_logprobs: 2 },
      'openai-responses': { include, top_logprobs: 2 },
      gemini: { generationConfig: { responseLogprobs: true, logprobs: 2 } },
    }
    const callers = {
      '/v1/chat/completions': { messages: MESSAGES, ...asked['openai-chat'] },
      '/v1/responses': { input: 'Hi', ...asked['openai-responses'] },
    }
    for (const [path, body] of Object.entries(callers))
      for (const [backend, wish] of Object.entries(asked)) {
        const answer = await rawPost(gateway.url, path, { model: `${backend}/parrot`, ...body }, EXPLAIN)
        const { turnout } = await answer.json<{ turnout: { outcome: { attempts: { lossy?: string[] }[] } } }>()
        t.equal(answer.status, 200, `${path} by ${backend}`)
        t.match(upstream.last().body, wish, `${path} by ${backend}`)
        t.notOk(turnout.outcome.attempts[0]!.lossy?.includes('logprobs'), `${path} by ${backend}`)
      }
  },
)

await t.test('several choices of Google’s are refused in no other word than theirs', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  const body = { contents: [{ parts: [{ text: 'Hi' }] }], generationConfig: { candidateCount: 2 } }
  const path = `/v1beta/models/${encodeURIComponent('anthropic-messages/parrot')}:generateContent`
  const answer = await rawPost(gateway.url, path, body)
  t.equal(answer.status, 400)
  const { error } = await answer.json<{ error: { message: string } }>()
  t.match(error.message, /more than one choice/)
  t.notMatch(error.message, /\bn\b/)
  t.equal(upstream.heard.length, 0)
})

await t.test(
  'a chat that asks for text alone is translated, and what a chat backend alone understands passes it as it came',
  async (t) => {
    const { gateway, upstream } = await formatRig(t)
    const ask = (model: string, more: object) =>
      rawPost(gateway.url, '/v1/chat/completions', { model, messages: MESSAGES, ...more })
    t.equal((await ask('gemini/parrot', { modalities: ['text'] })).status, 200)
    t.equal((await ask('openai-chat/parrot', { web_search_options: { search_context_size: 'low' } })).status, 200)
    t.match(upstream.last().body, { web_search_options: { search_context_size: 'low' } })
    t.notMatch(gateway.logged(), /"lossy":\[[^\]]*"modalities/)
  },
)
