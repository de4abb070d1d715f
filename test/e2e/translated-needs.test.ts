/** What the form of the Responses API has no word for is refused before a backend that has no other, rather than answered without it. */
import t from 'tap'
import { formatRig } from '../support/format-rig.ts'
import { rawPost } from '../support/raw-client.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }]
const WISHES: readonly (readonly [wish: object, named: RegExp])[] = [
  [{ n: 2 }, /more than one choice/],
  [{ logprobs: true }, /no logprobs/],
  [{ logit_bias: { 1: 5 } }, /no logit_bias/],
]

await t.test('no chat of several choices, probabilities or biases is translated to the Responses API', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  for (const [wish, named] of WISHES) {
    const body = { model: 'openai-responses/parrot', messages: MESSAGES, ...wish }
    const answer = await rawPost(gateway.url, '/v1/chat/completions', body)
    t.equal(answer.status, 400, JSON.stringify(wish))
    t.match((await answer.body()).toString(), named)
  }
  t.equal(upstream.heard.length, 0)
})

await t.test('the same is asked of a backend that has both, in its form of chats', async (t) => {
  const { gateway, upstream } = await formatRig(t, {}, { formats: ['openai-chat', 'openai-responses'] })
  const body = { model: 'openai-responses/parrot', messages: MESSAGES, n: 2 }
  t.equal((await rawPost(gateway.url, '/v1/chat/completions', body)).status, 200)
  t.equal(upstream.last().format, 'openai-chat')
})
