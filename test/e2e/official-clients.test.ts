/** Every official client that is served, unmodified, before backends of every wire format. */
import t from 'tap'
import { HELLO, type Play } from '../support/format-upstream.ts'
import type { Script } from '../support/format-answers.ts'
import { understood } from '../support/format-heard.ts'
import { BACKEND_FORMATS, formatRig, isServed } from '../support/format-rig.ts'
import { CLIENTS, type Got, LIMIT, QUESTION, type Question, RULE } from '../support/sdk-clients.ts'

const CALLS: Script = {
  calls: [
    { id: 'call_v', name: 'get_weather', arguments: ['{"city":', '"Vienna"}'] },
    { id: 'call_g', name: 'get_weather', arguments: ['{"city":"Graz"}'] },
  ],
  finish: 'tool_calls',
  tokens: { input: 80, cached: 64, output: 30, reasoning: 0 },
}

const SCRIPTS: Readonly<Record<string, Script>> = {
  'a text': HELLO,
  'a text that is cut': { ...HELLO, words: ['And so ', 'on'], finish: 'length' },
  'calls at once': CALLS,
  'a text, then calls': { ...CALLS, words: ['I ', 'look.'] },
  'thoughts, then a text': {
    ...HELLO,
    thoughts: ['Let me ', 'see.'],
    tokens: { input: 12, cached: 0, output: 20, reasoning: 14 },
  },
}

const RESULTS = [
  ['Vienna', '21 degrees'],
  ['Graz', '19 degrees'],
] as const

const sorted = (calls: Got['calls']): unknown[] => calls.map(([name, args]) => [name, JSON.parse(args)])

/** What a program should get; thoughts and cached tokens are checked where both sides have a place for them. */
const wanted = ({ words = [], calls = [], finish, tokens }: Script): object => ({
  text: words.join(''),
  calls: calls.map((call) => [call.name, JSON.parse(call.arguments.join(''))]),
  finish,
  input: tokens.input,
  output: tokens.output,
})

for (const client of CLIENTS.filter(({ endpoint }) => isServed(endpoint))) {
  t.test(`${client.name}: every answer of every backend comes through`, async (t) => {
    const { gateway, upstream } = await formatRig(t)
    for (const format of BACKEND_FORMATS)
      for (const [name, script] of Object.entries(SCRIPTS))
        for (const stream of [false, true]) {
          upstream.next({ script })
          const got = await client.ask(gateway.url, `${format}/parrot`, { stream, tools: true })
          const what = `${name}, ${stream ? 'streamed' : 'whole'}, by ${format}`
          const { text, calls, finish, input, output } = got
          t.strictSame({ text, calls: sorted(calls), finish, input, output }, wanted(script), what)
          const thoughts = client.thoughtless === true ? '' : (script.thoughts ?? []).join('')
          t.equal(got.thoughts, thoughts, `${what}: thoughts`)
          if (got.cached !== null) t.equal(got.cached, script.tokens.cached, `${what}: from the cache`)
          t.equal(upstream.last().format, format, `${what}: asked in its own format`)
          t.equal(upstream.last().stream, stream)
        }
  })

  t.test(`${client.name}: every backend is asked what was asked`, async (t) => {
    const { gateway, upstream } = await formatRig(t)
    const questions: Readonly<Record<string, Question>> = {
      'a question': { stream: false },
      'a question, streamed': { stream: true },
      'a question with a tool': { stream: false, tools: true },
      'results of two calls': { stream: true, tools: true, results: RESULTS },
    }
    for (const format of BACKEND_FORMATS)
      for (const [name, question] of Object.entries(questions)) {
        await client.ask(gateway.url, `${format}/parrot`, question)
        const heard = understood(upstream.last())
        const results = question.results ?? []
        t.strictSame(
          { ...heard, calls: sorted(heard.calls) },
          {
            system: RULE,
            turns: [['user', QUESTION], ...results.map(([, weather]) => ['tool', weather])],
            calls: results.map(([city]) => ['get_weather', { city }]),
            pictures: [],
            tools: question.tools === true ? ['get_weather'] : [],
            limit: LIMIT,
            temperature: client.temperature ?? null,
            stop: [],
            schema: '',
          },
          `${name}, to ${format}`,
        )
      }
  })

  t.test(`${client.name}: what goes wrong is thrown, and nothing passes for a whole answer`, async (t) => {
    const { gateway, upstream } = await formatRig(t, { limits: { attempts: 1 } })
    const faults: Readonly<Record<string, Play>> = {
      refused: { script: HELLO, refuse: { status: 400, message: 'that cannot be done' } },
      'too many': { script: HELLO, refuse: { status: 429, message: 'slow down', headers: { 'retry-after': '7' } } },
      overloaded: { script: HELLO, refuse: { status: 503, message: 'overloaded' } },
      'an error in the middle': { script: HELLO, fault: { after: 3, how: 'error' } },
      'broken in the middle': { script: HELLO, fault: { after: 3, how: 'reset' } },
      'ended in the middle': { script: HELLO, fault: { after: 3, how: 'end' } },
    }
    for (const format of BACKEND_FORMATS)
      for (const [name, play] of Object.entries(faults)) {
        // In a body three bytes are none of its events.
        const ways = play.fault?.how === 'error' || play.fault?.how === 'end' ? [true] : [false, true]
        for (const stream of ways) {
          upstream.next(play)
          const asked = client.ask(gateway.url, `${format}/parrot`, { stream })
          await t.rejects(asked, `${name}, ${stream ? 'streamed' : 'whole'}, by ${format}`)
        }
      }
    await client.ask(gateway.url, 'openai-chat/parrot', { stream: true })
  })
}
