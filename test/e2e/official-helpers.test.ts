/** What official clients do beside asking: they parse, count, list, leave, and know errors by their class. */
import Anthropic from '@anthropic-ai/sdk'
import { ApiError, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import t from 'tap'
import { z } from 'zod'
import { ENDPOINTS } from '../../src/core/endpoints.ts'
import { within } from '../support/await.ts'
import { understood } from '../support/format-heard.ts'
import { BACKEND_FORMATS, formatRig, isServed } from '../support/format-rig.ts'
import { HELLO, type Play } from '../support/format-upstream.ts'
import { hashed } from '../support/gateway.ts'

const City = z.object({ city: z.string() })
const CITY: Play = { script: { ...HELLO, words: ['{"city":', '"Vienna"}'] } }
const FAULT: Play = { script: HELLO, refuse: { status: 400, message: 'that cannot be done' } }
const BUSY: Play = { script: HELLO, refuse: { status: 429, message: 'slow down', headers: { 'retry-after': '7' } } }
const SILENT: Play = { script: { ...HELLO, words: ['a', 'b', 'c', 'd', 'e', 'f'] }, fault: { after: 6, how: 'silent' } }
const QUESTION = { role: 'user' as const, content: 'Which city?' }
/** Of Gemini's form; where it is served. */
const COUNTS = ENDPOINTS.some(({ path, served }) => served && path.endsWith(':countTokens'))
const TURNED_OFF = { maxRetries: 0 }

t.test('openai parses answers of a schema, asked of every backend', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  upstream.always(CITY)
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-any', ...TURNED_OFF })
  for (const format of BACKEND_FORMATS) {
    const model = `${format}/parrot`
    const chat = await openai.chat.completions.parse({
      model,
      messages: [QUESTION],
      response_format: zodResponseFormat(City, 'city'),
    })
    t.strictSame(chat.choices[0]?.message.parsed, { city: 'Vienna' }, `chat by ${format}`)
    t.match(understood(upstream.last()).schema, /"city"/, `${format} hears of the schema`)
    const response = await openai.responses.parse({
      model,
      input: [QUESTION],
      text: { format: zodTextFormat(City, 'city') },
      store: false,
    })
    t.strictSame(response.output_parsed, { city: 'Vienna' }, `responses by ${format}`)
    t.match(understood(upstream.last()).schema, /"city"/, `${format} hears of the schema`)
  }
})

t.test(
  "Anthropic's client counts tokens, lists models, and knows errors by their class",
  { skip: !isServed('messages') },
  async (t) => {
    const keys = [{ id: 'team', hash: hashed('sk-right') }]
    const { gateway, upstream } = await formatRig(t, { keys, limits: { attempts: 1 } })
    const client = (apiKey: string): Anthropic => new Anthropic({ baseURL: gateway.url, apiKey, ...TURNED_OFF })
    for (const format of BACKEND_FORMATS) {
      const asked = { model: `${format}/parrot`, messages: [QUESTION], max_tokens: 50 }
      const { input_tokens } = await client('sk-right').messages.countTokens({
        model: asked.model,
        messages: [QUESTION],
      })
      t.ok(input_tokens > 0 && input_tokens < 100, `${input_tokens} tokens by ${format}`)
      await t.rejects(client('sk-wrong').messages.create(asked), Anthropic.AuthenticationError)
      upstream.next(FAULT)
      await t.rejects(client('sk-right').messages.create(asked), Anthropic.BadRequestError, format)
      upstream.next(BUSY)
      await t.rejects(client('sk-right').messages.create(asked), Anthropic.RateLimitError, format)
    }
    const models: string[] = []
    for await (const { id, type } of client('sk-right').models.list()) {
      t.equal(type, 'model')
      models.push(id)
    }
    t.ok(models.includes('parrot'), models.join())
  },
)

t.test(
  "Google's client counts tokens, and knows errors by their status",
  { skip: !isServed('gemini_generate') },
  async (t) => {
    const { gateway, upstream } = await formatRig(t, { limits: { attempts: 1 } })
    const google = new GoogleGenAI({ apiKey: 'sk-any', httpOptions: { baseUrl: gateway.url } })
    for (const format of BACKEND_FORMATS) {
      const asked = { model: `${format}/parrot`, contents: 'Which city?' }
      if (COUNTS) {
        const { totalTokens = 0 } = await google.models.countTokens(asked)
        t.ok(totalTokens > 0 && totalTokens < 100, `${totalTokens} tokens by ${format}`)
      }
      for (const [play, status] of [
        [FAULT, 400],
        [BUSY, 429],
      ] as const) {
        upstream.next(play)
        const error: unknown = await google.models.generateContent(asked).catch((thrown: unknown) => thrown)
        t.ok(error instanceof ApiError && error.status === status, `${status} by ${format}`)
      }
    }
  },
)

t.test('who leaves ends the call of every backend', async (t) => {
  const { gateway, upstream } = await formatRig(t)
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-any', ...TURNED_OFF })
  const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: 'sk-any', ...TURNED_OFF })
  for (const format of BACKEND_FORMATS) {
    const model = `${format}/parrot`
    const ways: Readonly<
      Record<string, () => Promise<AsyncIterable<unknown> & { readonly controller: AbortController }>>
    > = {
      chat: () => openai.chat.completions.create({ model, messages: [QUESTION], stream: true }),
      responses: () => openai.responses.create({ model, input: [QUESTION], stream: true }),
      ...(isServed('messages')
        ? { messages: () => anthropic.messages.create({ model, messages: [QUESTION], max_tokens: 50, stream: true }) }
        : {}),
    }
    for (const [name, ask] of Object.entries(ways)) {
      upstream.next(SILENT)
      const stream = await ask()
      const { left } = upstream.last()
      for await (const event of stream) {
        t.ok(event)
        break
      }
      t.equal(await within(5_000, `${name} by ${format}`, left), true, `${name} by ${format}`)
    }
  }
})
