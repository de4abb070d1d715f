/** What fits is never refused for its shape, and what surely does not is not sent. */
import t from 'tap'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import { COUNTED, TEXTS } from '../support/token-shapes.ts'

const NAMES = Object.keys(TEXTS)
const idOf = (name: string): string => name.replaceAll(' ', '-')

/** What the template adds. */
const TEMPLATE = 16

t.test('each text is given to a model whose context it just fits, by whichever tokenizer', async (t) => {
  for (const by of [0, 1] as const) {
    const models = Object.fromEntries(NAMES.map((name) => [idOf(name), { context: COUNTED[name]![by] + TEMPLATE }]))
    const { gateway, upstreams } = await rig(t, {
      upstreams: { up: { models: NAMES.map(idOf) } },
      config: { models },
    })
    for (const name of NAMES) {
      const messages = [{ role: 'user', content: TEXTS[name] }]
      const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model: idOf(name), messages }))
      t.equal(answer.status, 200, `${name}: ${COUNTED[name]![by]} tokens`)
      await answer.complete
    }
    t.equal(upstreams['up']!.requests.length, NAMES.length)
    await gateway.close()
  }
})

t.test('a prompt that is many times too long is not sent, and a doubtful one is judged by the engine', async (t) => {
  const refusal = { error: { message: 'maximum context length is 1000 tokens', type: 'invalid_request_error', code: 'context_length_exceeded' } } // prettier-ignore
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: { plan: { status: 400, body: refusal } } },
    config: { models: { tiny: { context: 1000 } } },
  })
  const ask = (words: number): object => chat({ messages: [{ role: 'user', content: 'word '.repeat(words) }] })
  for (const [words, calls] of [
    [1_500, 1],
    [2_000, 2],
    [5_000, 2],
    [50_000, 2],
  ] as const) {
    const answer = await rawPost(gateway.url, CHAT_PATH, ask(words))
    t.equal(answer.status, 400)
    t.equal(errorOf(await answer.json()).code, 'context_length_exceeded', `${words} words`)
    t.equal(upstreams['up']!.requests.length, calls, `${words} words`)
  }
})
