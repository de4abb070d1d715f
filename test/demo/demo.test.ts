import t from 'tap'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { WEIGHTS } from '../support/factories.ts'
import OpenAI from 'openai'
import { startDemo } from '../../src/demo/demo.ts'
import { Fleet } from '../../src/backends/fleet/fleet.ts'
import { eventually } from '../support/await.ts'
import { config } from '../fleet/engine-double.ts'

const demo = await startDemo({ speed: Infinity })
t.teardown(() => demo.close())
const clientOf = (root: string): OpenAI => new OpenAI({ apiKey: 'none', baseURL: `${root}/v1`, maxRetries: 0 })
const swift = clientOf(demo.backends[0]!.root)
const sage = clientOf(demo.backends[1]!.root)

const messages = [{ role: 'user', content: 'Which track goes to the harbour?' }] as const
const ask = { model: 'demo-swift', messages: [...messages] }

async function collect(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  const texts: string[] = []
  const finishes: (string | null)[] = []
  let usage: OpenAI.CompletionUsage | null = null
  let pieces = 0
  for await (const chunk of stream) {
    for (const { index, delta, finish_reason } of chunk.choices) {
      if (delta.content) pieces++
      texts[index] = (texts[index] ?? '') + (delta.content ?? '')
      if (finish_reason !== null) finishes[index] = finish_reason
    }
    usage = chunk.usage ?? usage
  }
  return { texts, finishes, usage, pieces }
}

t.test('it says what it is, the same each time, streamed or not', async (t) => {
  const whole = await swift.chat.completions.create(ask)
  const text = whole.choices[0]!.message.content!
  t.match(text, /demo-swift, a simulation/)
  t.match(text, 'Which track goes to the harbour?')
  t.match(whole, { model: 'demo-swift', system_fingerprint: 'turnout-demo', choices: [{ finish_reason: 'stop' }] })
  const again = await swift.chat.completions.create(ask)
  t.equal(again.choices[0]!.message.content, text)
  t.not(again.id, whole.id)
  const streamed = await collect(
    await swift.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } }),
  )
  t.same(streamed.texts, [text])
  t.same(streamed.finishes, ['stop'])
  t.same(streamed.usage, whole.usage)
  t.equal(streamed.pieces, whole.usage!.completion_tokens, 'one chunk for each token that is counted')
  const bare = await collect(await swift.chat.completions.create({ ...ask, stream: true }))
  t.equal(bare.usage, null, 'no usage unless asked for')
  const seeded = await startDemo({ speed: Infinity, seed: 2 })
  t.teardown(() => seeded.close())
  const other = await clientOf(seeded.backends[0]!.root).chat.completions.create(ask)
  t.not(other.choices[0]!.message.content, text)
})

t.test('one is terse, the other verbose', async (t) => {
  const short = await swift.chat.completions.create(ask)
  const long = await sage.chat.completions.create({ ...ask, model: 'demo-sage' })
  t.ok(long.usage!.completion_tokens > 1.5 * short.usage!.completion_tokens)
})

t.test('n, stop and limits', async (t) => {
  const several = await swift.chat.completions.create({ ...ask, n: 3 })
  const texts = several.choices.map(({ message }) => message.content!)
  t.equal(new Set(texts).size, 3)
  const streamed = await collect(await swift.chat.completions.create({ ...ask, n: 3, stream: true }))
  t.same(streamed.texts, texts)
  const stopped = await swift.chat.completions.create({ ...ask, stop: ['nowhere', ' simulation'] })
  t.match(stopped.choices[0], { message: { content: 'This is demo-swift, a' }, finish_reason: 'stop' })
  for (const limit of [{ max_tokens: 5 }, { max_completion_tokens: 5 }]) {
    const cut = await swift.chat.completions.create({ ...ask, ...limit })
    t.match(cut, { usage: { completion_tokens: 5 }, choices: [{ finish_reason: 'length' }] })
    t.ok(texts[0]!.startsWith(cut.choices[0]!.message.content!), 'the beginning of the same text')
  }
})

const parameters = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 3 },
    unit: { enum: ['c', 'f'] },
    days: { type: 'integer', minimum: 2 },
    note: { type: 'string' },
  },
  required: ['city', 'unit', 'days'],
}
const tool = (name: string) => ({ type: 'function' as const, function: { name, parameters } })

t.test('tools: the first one, the named one, none after an answer', async (t) => {
  const tools = [tool('weather'), tool('trains')]
  const first = await swift.chat.completions.create({ ...ask, tools })
  const [call] = first.choices[0]!.message.tool_calls!
  t.equal(first.choices[0]!.finish_reason, 'tool_calls')
  t.match(call, { type: 'function', function: { name: 'weather' } })
  const args = JSON.parse((call as { function: { arguments: string } }).function.arguments) as object
  t.same(args, { city: 'simulated', unit: 'c', days: 2 })
  const choice = { type: 'function' as const, function: { name: 'trains' } }
  const runner = swift.chat.completions.stream({ ...ask, tools, tool_choice: choice })
  const streamed = (await runner.finalChatCompletion()).choices[0]!
  t.match(streamed, { finish_reason: 'tool_calls', message: { tool_calls: [{ function: { name: 'trains' } }] } })
  t.same(JSON.parse((streamed.message.tool_calls![0] as { function: { arguments: string } }).function.arguments), args)
  const turn = [
    ...messages,
    first.choices[0]!.message,
    { role: 'tool' as const, tool_call_id: call!.id, content: 'rain' },
  ]
  const after = await swift.chat.completions.create({ ...ask, messages: turn, tools })
  t.match(after.choices[0], { finish_reason: 'stop', message: { content: String } })
  const none = await swift.chat.completions.create({ ...ask, tools, tool_choice: 'none' })
  t.equal(none.choices[0]!.finish_reason, 'stop')
})

t.test('JSON that fits the schema', async (t) => {
  const schema = {
    $defs: { Stop: { type: 'object', properties: { at: { type: 'string', format: 'date-time' } }, required: ['at'] } },
    type: 'object',
    properties: {
      stops: { type: 'array', items: { $ref: '#/$defs/Stop' }, minItems: 2 },
      next: { anyOf: [{ $ref: '#/$defs/Stop' }, { type: 'null' }] },
      speed: { type: 'number', exclusiveMinimum: 0, maximum: 0.5 },
      left: { type: ['boolean', 'null'] },
    },
    required: ['stops', 'next', 'speed', 'left'],
    additionalProperties: false,
  }
  const answer = await swift.chat.completions.create({
    ...ask,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
  })
  const at = '2026-01-01T00:00:00Z'
  const value = JSON.parse(answer.choices[0]!.message.content!) as { speed: number }
  t.match(value, { stops: [{ at }, { at }], next: null, left: true })
  t.ok(value.speed > 0 && value.speed <= 0.5, `speed ${value.speed}`)
  const tree = { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }
  const endless = await swift.chat.completions.create({
    ...ask,
    max_completion_tokens: 9,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: tree } },
  })
  t.equal(endless.choices[0]!.finish_reason, 'length')
  const free = await swift.chat.completions.create({ ...ask, response_format: { type: 'json_object' } })
  t.match(JSON.parse(free.choices[0]!.message.content!), { simulation: true })
})

t.test('embeddings: unit vectors, the same in both encodings, near for near texts', async (t) => {
  const model = 'demo-sage'
  const input = ['the night train', 'the night tram', 'a recipe for soup']
  const decoded = await sage.embeddings.create({ model, input })
  const floats = await sage.embeddings.create({ model, input, encoding_format: 'float' })
  t.same(
    decoded.data.map(({ index }) => index),
    [0, 1, 2],
  )
  const vectors = floats.data.map(({ embedding }) => embedding)
  t.same(
    decoded.data.map(({ embedding }) => [...embedding]),
    vectors,
  )
  const dot = (a: number, b: number): number => vectors[a]!.reduce((sum, x, i) => sum + x * vectors[b]![i]!, 0)
  for (const i of [0, 1, 2]) t.ok(Math.abs(dot(i, i) - 1) < 1e-5)
  t.ok(dot(0, 1) > dot(0, 2) + 0.2)
  t.ok(floats.usage.prompt_tokens > 0 && floats.usage.prompt_tokens === floats.usage.total_tokens)
  const small = await sage.embeddings.create({ model, input: [[1, 2, 3]], dimensions: 8 })
  t.match(small, { usage: { prompt_tokens: 3 }, data: { length: 1 } })
  t.equal(small.data[0]!.embedding.length, 8)
})

t.test('legacy completions are answered in the demo', async (t) => {
  const body = { model: 'demo-swift', prompt: ['one', 'two'], n: 2 }
  const whole = await swift.completions.create(body)
  t.same(
    whole.choices.map(({ index }) => index),
    [0, 1, 2, 3],
  )
  t.match(whole, {
    object: 'text_completion',
    usage: { completion_tokens: 64 },
    choices: [{ finish_reason: 'length' }],
  })
  const texts: string[] = []
  for await (const chunk of await swift.completions.create({ ...body, stream: true })) {
    for (const { index, text } of chunk.choices) texts[index] = (texts[index] ?? '') + text
  }
  t.same(
    texts,
    whole.choices.map(({ text }) => text),
  )
  const echoed = await swift.completions.create({ model: 'demo-swift', prompt: 'one', echo: true, max_tokens: 3 })
  t.ok(echoed.choices[0]!.text.startsWith('oneThis'))
})

t.test('refusals in the shape of OpenAI', async (t) => {
  const cases: readonly (readonly [object, number, object])[] = [
    [{ model: 'demo-swift' }, 400, { param: 'messages' }],
    [{ ...ask, messages: [] }, 400, { param: 'messages' }],
    [{ ...ask, messages: [{ role: 'king', content: 'x' }] }, 400, { param: 'messages[0].role' }],
    [{ ...ask, model: 'other' }, 404, { code: 'model_not_found' }],
    [{ ...ask, max_tokens: 0 }, 400, { param: 'max_tokens' }],
    [{ ...ask, n: 99 }, 400, { param: 'n' }],
    [{ ...ask, temperature: 9 }, 400, { param: 'temperature' }],
    [{ ...ask, stop: [1] }, 400, { param: 'stop' }],
    [{ ...ask, stream_options: {} }, 400, { param: 'stream_options' }],
    [{ ...ask, tool_choice: 'required' }, 400, { param: 'tool_choice' }],
    [{ ...ask, response_format: { type: 'xml' } }, 400, { param: 'response_format' }],
    [{ ...ask, messages: [{ role: 'user', content: 'word '.repeat(9000) }] }, 400, { code: 'context_length_exceeded' }],
    [{ ...ask, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] }, 400, {}],
  ]
  const url = `${demo.backends[0]!.root}/v1/chat/completions`
  for (const [body, status, error] of cases) {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
    t.equal(response.status, status, JSON.stringify(error))
    t.match(await response.json(), { error: { type: 'invalid_request_error', message: String, ...error } })
  }
  t.equal((await fetch(url, { method: 'POST', body: '{' })).status, 400)
  t.equal((await fetch(url)).status, 405)
  t.equal((await fetch(`${url}/x`)).status, 404)
  const empty: unknown = await swift.embeddings
    .create({ model: 'demo-swift', input: '' })
    .catch((thrown: unknown) => thrown)
  t.match(empty, { status: 400, param: 'input' })
  const unknown: unknown = await swift.chat.completions
    .create({ ...ask, model: 'other' })
    .catch((thrown: unknown) => thrown)
  t.ok(unknown instanceof OpenAI.NotFoundError)
})

t.test('it stops when the reader leaves', async (t) => {
  const slow = await startDemo({ speed: 0.1 })
  t.teardown(() => slow.close())
  const { root } = slow.backends[0]!
  const running = async (): Promise<number> =>
    ((await (await fetch(`${root}/health`)).json()) as { running: number }).running
  const client = clientOf(root)
  const stream = await client.chat.completions.create({ ...ask, stream: true })
  t.equal(await running(), 2, 'the stream and the question')
  stream.controller.abort()
  await eventually(2_000, 'the end of the work', async () => (await running()) === 1)
  const abort = new AbortController()
  const whole = client.chat.completions.create(ask, { signal: abort.signal })
  await eventually(2_000, 'the work', async () => (await running()) === 2)
  abort.abort()
  t.ok((await whole.catch((thrown: unknown) => thrown)) instanceof OpenAI.APIUserAbortError)
  await eventually(2_000, 'the end of that work', async () => (await running()) === 1)
})

t.test('close ends what is being answered', async (t) => {
  const slow = await startDemo({ speed: 0.01 })
  const whole = clientOf(slow.backends[0]!.root).chat.completions.create(ask)
  const thrown = whole.catch((error: unknown) => error)
  const { root } = slow.backends[0]!
  await eventually(2_000, 'the work', async () =>
    (await (await fetch(`${root}/health`)).text()).includes('"running":2'),
  )
  await slow.close()
  t.ok((await thrown) instanceof OpenAI.APIConnectionError)
})

t.test('it takes its time', async (t) => {
  const timed = await startDemo({ speed: 10 })
  t.teardown(() => timed.close())
  const startedAt = performance.now()
  const answer = await clientOf(timed.backends[1]!.root).chat.completions.create({ ...ask, model: 'demo-sage' })
  const took = performance.now() - startedAt
  const expected = (300 + 18 * answer.usage!.completion_tokens) / 10
  t.ok(took >= expected * 0.95, `${took} of ${expected} ms`)
})

t.test('as backends of a fleet', async (t) => {
  const fleet = new Fleet(config(demo.backends), {
    now: () => performance.now(),
    onChange() {},
    emit() {},
    lessons: new ModelStats(WEIGHTS),
  })
  t.teardown(() => fleet.stop())
  await fleet.start()
  t.same(
    fleet.catalog.all.map(({ id }) => id),
    ['simulator-1/demo-swift', 'simulator-2/demo-sage'],
  )
  const facts = fleet.catalog.all.map((deployment) => deployment.facts)
  for (const one of facts)
    t.match(one, {
      context: Number,
      price: { outputPerMtok: Number },
      capabilities: { chat: true, tools: true, embeddings: true, vision: false },
    })
  t.ok(facts[0]!.price!.outputPerMtok! < facts[1]!.price!.outputPerMtok!)
})
