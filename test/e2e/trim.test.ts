/** `efficiency.trim` over sockets, in each wire format: limits that were learnt, what is cut and asked for again, and who is never limited. */
import t from 'tap'
import type { FormatName } from '../../src/core/format-names.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { trialOf } from '../../src/core/trial.ts'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import type { Script } from '../support/format-answers.ts'
import { BACKEND_FORMATS, formatRig, type FormatRig } from '../support/format-rig.ts'
import { HELLO } from '../support/format-upstream.ts'
import { rawPost, type RawResponse } from '../support/raw-client.ts'

/** Where a format says how long an answer may be. */
const LIMITS: Readonly<Record<FormatName, (body: JsonObject) => unknown>> = {
  'openai-chat': ({ max_tokens, max_completion_tokens }) => max_tokens ?? max_completion_tokens,
  'openai-responses': ({ max_output_tokens }) => max_output_tokens,
  'anthropic-messages': ({ max_tokens }) => max_tokens,
  gemini: ({ generationConfig }) => (generationConfig as JsonObject | undefined)?.['maxOutputTokens'],
  ollama: ({ options }) => (options as JsonObject | undefined)?.['num_predict'],
}
/** What stands there where nobody limits the answer: Anthropic's cannot be left out. */
const UNLIMITED = (format: FormatName): unknown => (format === 'anthropic-messages' ? 4_096 : undefined)

const said = (output: number, finish: Script['finish'] = 'stop'): Script => ({ ...HELLO, finish, tokens: { ...HELLO.tokens, output } }) // prettier-ignore

/** The names of conversations that are limited, and of those that go without. */
const sessions = Array.from({ length: 400 }, (_, n) => `s${n}`)
const isControl = (session: string): boolean => trialOf('trim', session, 0.05).control
const LIMITED = sessions.filter((session) => !isControl(session))
const CONTROL = sessions.filter(isControl)

const ROUTES = BACKEND_FORMATS.flatMap((format) => [
  { name: `trim-${format}`, candidates: [`${format}/*`], efficiency: { trim: true } },
  { name: `plain-${format}`, candidates: [`${format}/*`] },
])

const ask = ({ gateway }: FormatRig, model: string, session: string, more: JsonObject = {}): Promise<RawResponse> =>
  rawPost(gateway.url, CHAT_PATH, { ...chat({ model }), ...more }, { 'x-turnout-session': session })

/** The percentile that is learnt goes up and down by a tenth. */
const isNear = (limit: unknown, wanted: number): boolean => Math.abs(Number(limit) / wanted - 1) < 0.25

/** Fifty answers of so many tokens, and the next ones until the first is limited. */
async function taught(rig: FormatRig, format: FormatName, output: number): Promise<void> {
  rig.upstream.always({ script: said(output) })
  await Promise.all(LIMITED.slice(0, 50).map((session) => ask(rig, `trim-${format}`, session)))
  await eventually(5_000, 'a limit', async () => {
    await ask(rig, `trim-${format}`, LIMITED[0]!)
    return isNear(LIMITS[format](rig.upstream.last().body), 2 * output)
  })
}

t.test('there are both kinds of conversations', async (t) => {
  t.ok(CONTROL.length > 8 && CONTROL.length < 40, `${CONTROL.length} of 400`)
})

for (const format of BACKEND_FORMATS)
  t.test(`answers are limited by what was learnt: ${format}`, async (t) => {
    const rig = await formatRig(t, { routes: ROUTES })
    const { upstream, gateway } = rig
    const limit = (): unknown => LIMITS[format](upstream.last().body)
    upstream.always({ script: said(300) })
    await ask(rig, `trim-${format}`, LIMITED[0]!)
    t.equal(limit(), UNLIMITED(format), 'not before there is anything to go by')
    await taught(rig, format, 300)

    const before = upstream.heard.length
    upstream.next({ script: said(600, 'length') }, { script: said(1_500) })
    const answer = await ask(rig, `trim-${format}`, LIMITED[1]!)
    t.equal(answer.status, 200)
    t.match(await answer.json(), { choices: [{ finish_reason: 'stop' }], usage: { completion_tokens: 1_500 } }, 'the caller gets it whole') // prettier-ignore
    const [first, second, ...more] = upstream.heard.slice(before).map(({ body }) => LIMITS[format](body))
    t.ok(isNear(first, 600), `the first call had a limit: ${String(first)}`)
    t.strictSame([second, ...more], [UNLIMITED(format)], 'the second has none')
    t.equal(await gateway.settled('turnout_attempts_total', { outcome: 'trimmed' }, 1), 1, 'the cut one is counted')
    await eventually(5_000, 'a higher limit', async () => {
      await ask(rig, `trim-${format}`, LIMITED[0]!)
      return Number(limit()) > 800
    })

    await ask(rig, `trim-${format}`, LIMITED[2]!, { max_tokens: 100 })
    t.equal(limit(), 100, 'a lower limit of the caller stands')
    await ask(rig, `trim-${format}`, LIMITED[2]!, { max_tokens: 9_000 })
    t.ok(Number(limit()) < 2_000, 'a higher one is lowered')
    await ask(rig, `trim-${format}`, CONTROL[0]!)
    t.equal(limit(), UNLIMITED(format), 'one of the control group has none')
    await ask(rig, `plain-${format}`, LIMITED[2]!)
    t.equal(limit(), UNLIMITED(format), 'nor has one of a route without it')
    upstream.next({ script: said(100, 'length') })
    const cut = await ask(rig, `trim-${format}`, LIMITED[3]!, { max_tokens: 100 })
    t.match(
      await cut.json(),
      { choices: [{ finish_reason: 'length' }] },
      'whoever sets a limit is cut at it, and asked for once',
    )
  })

t.test(
  'what is cut in a stream ends with `length`, and streams whose answer must be whole have no limit',
  async (t) => {
    const rig = await formatRig(t, { routes: ROUTES })
    const { upstream } = rig
    const format = 'openai-chat'
    await taught(rig, format, 300)
    const limit = (): unknown => LIMITS[format](upstream.last().body)
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const schema = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } } } // prettier-ignore
    await (await ask(rig, `trim-${format}`, LIMITED[0]!, { stream: true })).body()
    t.ok(isNear(limit(), 600))
    for (const more of [{ tools }, { response_format: schema }, { response_format: { type: 'json_object' } }]) {
      await (await ask(rig, `trim-${format}`, LIMITED[0]!, { stream: true, ...more })).body()
      t.equal(limit(), undefined, `streamed: ${Object.keys(more).join()}`)
    }
    const asked = upstream.heard.length
    upstream.next({ script: said(600, 'length') })
    const stream = (await (await ask(rig, `trim-${format}`, LIMITED[0]!, { stream: true })).body()).toString()
    t.match(stream, '"finish_reason":"length"')
    t.equal(upstream.heard.length, asked + 1, 'it is not asked for again')
  },
)
