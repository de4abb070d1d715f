/** Nobody sends feedback: what callers do next says which model is bad at what. */
import t, { type Test } from 'tap'
import { CHAT_PATH } from '../support/chat.ts'
import type { Gateway } from '../support/gateway.ts'
import { rig } from '../support/rig.ts'

const PROVE = [
  'Prove that the square root of 3 is irrational.',
  'Solve the differential equation y" + 4 y = sin(2 x).',
  'Let f be holomorphic on the unit disc with f(0) = 0. Prove the lemma of Schwarz.',
  'Compute the integral of x^2 e^(-x) from 0 to infinity.',
  'How many integer solutions has x + y + z = 20 with all of them at least 2?',
]
const WRITE = [
  'Write a short poem about the sea in autumn.',
  'Write a bedtime story about a fox who cannot sleep.',
  'Write a limerick about a baker from Hull.',
]
const WRONG = { role: 'user', content: "No, that's wrong." }
const MORE = { role: 'user', content: 'Thank you. Say the same in half as many words, for a reader who is in a hurry.' }

interface Message {
  readonly role: string
  readonly content: string
}

async function ask(gateway: Gateway, messages: readonly Message[], stream: boolean): Promise<string> {
  const response = await fetch(gateway.url + CHAT_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', stream, messages }),
  })
  await response.text()
  t.equal(response.status, 200)
  return response.headers.get('x-turnout-model') ?? ''
}

/** `bad` is chosen for everything at first, and its callers object to its proofs, and to nothing else. Which model each of 50 conversations about proofs began with. */
async function conversations(test: Test, learning: object): Promise<{ chosen: string[]; gateway: Gateway }> {
  const { gateway } = await rig(test, {
    upstreams: { a: { models: ['good'] }, b: { models: ['bad'] } },
    config: {
      models: {
        good: { quality: { default: 0.7, creative: 0.7 } },
        bad: { quality: { default: 0.75, creative: 0.9 } },
      },
      routes: [{ name: 'default', candidates: ['*'], strategy: 'best', explore: false }],
      learning,
    },
  })
  const chosen: string[] = []
  for (let turn = 0; turn < 50; turn++) {
    const stream = turn % 2 === 0
    for (const [questions, proof] of [
      [PROVE, true],
      [WRITE, false],
    ] as const) {
      const question = { role: 'user', content: `${questions[turn % questions.length]!} (${turn})` }
      const model = await ask(gateway, [question], stream)
      if (proof) chosen.push(model)
      const next = proof && model === 'bad' ? WRONG : MORE
      await ask(gateway, [question, { role: 'assistant', content: 'As far as I can see.' }, next], stream)
      // What has ended is learnt when somebody reads it.
      await gateway.metric('turnout_requests_total')
    }
  }
  return { chosen, gateway }
}

const share = (chosen: readonly string[]): number => chosen.filter((model) => model === 'bad').length / chosen.length

t.test(
  'the share of a model that is bad at something falls where its callers object, without any feedback',
  async (t) => {
    const { chosen, gateway } = await conversations(t, {})
    t.ok(share(chosen.slice(0, 3)) === 1, 'it was the first choice')
    t.equal(share(chosen.slice(-25)), 0, chosen.join(' '))
    const hints = await gateway.metric('turnout_hints_total', { hint: 'said_wrong', backend: 'b', model: 'bad' })
    t.equal(hints, chosen.filter((model) => model === 'bad').length)
    t.ok(Math.abs((await gateway.metric('turnout_hint_strength', { hint: 'said_wrong' })) - 0.3) < 1e-9)
    t.equal(
      await ask(gateway, [{ role: 'user', content: 'Write a short poem about a mill.' }], false),
      'bad',
      'not where they do not',
    )
    const lines = gateway.logged()
    t.match(lines, /"hint":\{"name":"said_wrong","request_id":"[^"]+","backend":"b","model":"bad"\}/)
    t.notMatch(lines, /that's wrong/)
  },
)

t.test('with the hint switched off it does not', async (t) => {
  const { chosen, gateway } = await conversations(t, { said_wrong: false })
  t.equal(share(chosen), 1)
  t.equal(await gateway.metric('turnout_hints_total'), 0)
  t.equal(await gateway.metric('turnout_hint_strength', { hint: 'said_wrong' }), 0)
})

t.test('feedback can be switched off, and its callers are told so', async (t) => {
  const { gateway } = await rig(t, { upstreams: { a: {} }, config: { learning: { feedback: false } } })
  const response = await fetch(`${gateway.url}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ request_id: 'any', score: 1 }),
  })
  t.strictSame([response.status, await response.json()], [200, { status: 'ignored' }])
})
