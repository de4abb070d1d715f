import OpenAI from 'openai'
import type { Test } from 'tap'
import t from 'tap'
import { within } from '../support/await.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { PROMPT_TOKENS, vectorOf, WORDS } from '../support/openai-answers.ts'
import type { RigOptions, SingleRig } from '../support/rig.ts'
import { singleRig } from '../support/rig.ts'

const TEXT = WORDS.join('')
const MESSAGES = [{ role: 'user' as const, content: 'Where does the river run?' }]

async function sdk(
  test: Test,
  options: FaultOptions = {},
  rest: RigOptions = {},
): Promise<SingleRig & { openai: OpenAI }> {
  const rig = await singleRig(test, options, rest)
  return { ...rig, openai: new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: 'any', maxRetries: 0 }) }
}

t.test('a whole chat answer reads well in the SDK', async (t) => {
  const { openai } = await sdk(t)
  const answer = await openai.chat.completions.create({ model: 'tiny', messages: MESSAGES })
  t.equal(answer.choices[0]?.message.content, TEXT)
  t.equal(answer.model, 'tiny')
  t.match(answer.usage, { prompt_tokens: PROMPT_TOKENS, completion_tokens: WORDS.length })
  t.ok(answer._request_id)
})

t.test('chat, streamed: text, finish reason, usage only when asked for', async (t) => {
  const { openai } = await sdk(t)
  for (const asked of [false, true]) {
    const stream = await openai.chat.completions.create({
      model: 'tiny',
      messages: MESSAGES,
      stream: true,
      ...(asked ? { stream_options: { include_usage: true } } : {}),
    })
    let text = ''
    const finishes: string[] = []
    const usages: unknown[] = []
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      if (chunk.choices[0]?.finish_reason) finishes.push(chunk.choices[0].finish_reason)
      if (chunk.usage) usages.push(chunk.usage)
    }
    t.equal(text, TEXT)
    t.same(finishes, ['stop'])
    t.equal(usages.length, asked ? 1 : 0)
  }
})

t.test('the stream helper sums up', async (t) => {
  const { openai } = await sdk(t)
  const stream = openai.chat.completions.stream({
    model: 'tiny',
    messages: MESSAGES,
    stream_options: { include_usage: true },
  })
  const final = await stream.finalChatCompletion()
  t.equal(final.choices[0]?.message.content, TEXT)
  t.equal((await stream.totalUsage()).completion_tokens, WORDS.length)
})

t.test('tools, both ways, streamed and not', async (t) => {
  const { openai, upstream } = await sdk(t, {
    plan: { toolCall: { name: 'weather', arguments: ['{"city":', '"Bern"', '}'] } },
  })
  const tools = [
    {
      type: 'function' as const,
      function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    },
  ]
  const whole = await openai.chat.completions.create({ model: 'tiny', messages: MESSAGES, tools })
  const call = whole.choices[0]?.message.tool_calls?.[0]
  t.match(call, { type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } })
  t.equal(whole.choices[0]?.finish_reason, 'tool_calls')
  t.same((await upstream.waitRequest(1)).json?.tools, tools)
  const final = await openai.chat.completions.stream({ model: 'tiny', messages: MESSAGES, tools }).finalChatCompletion()
  t.match(final.choices[0]?.message.tool_calls, [{ id: 'call_1', function: { arguments: '{"city":"Bern"}' } }])
})

t.test('a JSON schema reaches the engine as it is', async (t) => {
  const { openai, upstream } = await sdk(t, { plan: { words: ['{"noun":', '"harbour"}'] } })
  const schema = {
    type: 'object',
    properties: { noun: { type: 'string' } },
    required: ['noun'],
    additionalProperties: false,
  }
  const response_format = { type: 'json_schema' as const, json_schema: { name: 'noun', strict: true, schema } }
  const answer = await openai.chat.completions.create({ model: 'tiny', messages: MESSAGES, response_format })
  t.same(JSON.parse(answer.choices[0]?.message.content ?? ''), { noun: 'harbour' })
  t.same((await upstream.waitRequest(1)).json?.response_format, response_format)
})

t.test('embeddings: base64 by default, floats when asked for, the same numbers', async (t) => {
  const { openai, upstream } = await sdk(t)
  const input = ['river', 'sea']
  const decoded = await openai.embeddings.create({ model: 'tiny', input })
  const floats = await openai.embeddings.create({ model: 'tiny', input, encoding_format: 'float' })
  const expected = input.map((text) => Array.from(vectorOf(text)))
  for (const list of [decoded, floats])
    t.same(
      list.data.map(({ embedding }) => Array.from(embedding)),
      expected,
    )
  t.equal((await upstream.waitRequest(1)).json?.encoding_format, 'base64')
  t.equal((await upstream.waitRequest(2)).json?.encoding_format, 'float')
})

t.test('models: listed and retrieved, names with slashes and colons too', async (t) => {
  const models = ['tiny', 'org/name-7b:q4', 'deep/er/path']
  const { openai, gateway } = await sdk(t, { models })
  const listed: string[] = []
  for await (const model of openai.models.list()) listed.push(model.id)
  for (const id of models) {
    t.ok(listed.includes(id), `${id} is listed`)
    t.match(await openai.models.retrieve(id), { id, object: 'model' })
    const plain = await fetch(`${gateway.url}/v1/models/${id}`)
    t.match(await plain.json(), { id })
  }
  await t.rejects(openai.models.retrieve('nobody/has:this'), {
    constructor: OpenAI.NotFoundError,
    code: 'model_not_found',
  })
})

t.test('a model with a slash in its name answers', async (t) => {
  const { openai } = await sdk(t, { models: ['org/name-7b:q4'] })
  for (const model of ['org/name-7b:q4', 'up/org/name-7b:q4', 'auto']) {
    const answer = await openai.chat.completions.create({ model, messages: MESSAGES })
    t.equal(answer.model, 'org/name-7b:q4', model)
  }
})

t.test('legacy completions, streamed and not', async (t) => {
  const { openai } = await sdk(t)
  const whole = await openai.completions.create({ model: 'tiny', prompt: 'The river' })
  t.equal(whole.choices[0]?.text, TEXT)
  let text = ''
  for await (const chunk of await openai.completions.create({ model: 'tiny', prompt: 'The river', stream: true })) {
    text += chunk.choices[0]?.text ?? ''
  }
  t.equal(text, TEXT)
})

t.test('errors have the class of their status', async (t) => {
  const { openai, upstream } = await sdk(t)
  const ask = (model = 'tiny'): Promise<unknown> => openai.chat.completions.create({ model, messages: MESSAGES })
  await t.rejects(ask('nobody'), { constructor: OpenAI.NotFoundError, code: 'model_not_found', param: 'model' })
  upstream.next(failing(400, { message: 'temperature is too hot' }))
  await t.rejects(ask(), { constructor: OpenAI.BadRequestError, message: /too hot/ })
  upstream.next(failing(422))
  t.match(await ask().catch((thrown: unknown) => thrown), { constructor: OpenAI.UnprocessableEntityError, status: 422 })
  upstream.next(failing(500))
  await t.rejects(ask(), { constructor: OpenAI.InternalServerError, code: 'upstream_error' })
  upstream.next(failing(429, { headers: { 'retry-after': '7' } }))
  const limited = await ask().catch((thrown: unknown) => thrown)
  t.match(limited, { constructor: OpenAI.RateLimitError, code: 'upstream_rate_limited' })
  t.equal((limited as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after'), '7')
  t.ok((limited as InstanceType<typeof OpenAI.APIError>).requestID)
})

t.test('a wrong key is an AuthenticationError', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'team', key: 'sk-right' }] })
  const ask = (apiKey: string): Promise<unknown> =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 }).chat.completions.create({
      model: 'tiny',
      messages: MESSAGES,
    })
  await t.rejects(ask('sk-wrong'), { constructor: OpenAI.AuthenticationError, code: 'invalid_api_key' })
  await t.resolves(ask('sk-right'))
})

t.test('an error inside a stream is thrown to the reader', async (t) => {
  const { openai } = await sdk(t, { plan: { cut: { events: 4, how: 'reset' } } })
  const stream = await openai.chat.completions.create({ model: 'tiny', messages: MESSAGES, stream: true })
  const read = async (): Promise<void> => {
    for await (const chunk of stream) t.ok(chunk.choices)
  }
  await t.rejects(read(), { constructor: OpenAI.APIError, code: 'upstream_incomplete' })
})

t.test('abort and break end the call to the engine', async (t) => {
  const { openai, upstream } = await sdk(t, { plan: { stallAfter: 3 } })
  for (const [n, leave] of ['abort', 'break'].entries()) {
    const stream = await openai.chat.completions.create({ model: 'tiny', messages: MESSAGES, stream: true })
    for await (const chunk of stream) {
      t.ok(chunk)
      if (leave === 'break') break
      stream.controller.abort()
    }
    await within(2_000, leave, (await upstream.waitRequest(n + 1)).closed)
  }
})
