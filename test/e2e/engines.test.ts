import { type ChatResponse, Ollama } from 'ollama'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { Test } from 'tap'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { chatStream, CHAT_PATH, readStream } from '../support/chat.ts'
import type { Engine } from '../support/engines.ts'
import { missing, startLlama, startOllama, startVllm } from '../support/engines.ts'
import type { Gateway } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

/** `calls`: this model calls a tool whenever one is offered; at vLLM it has no words for that, and does so where it must. */
const ENGINES = [
  { name: 'llama', kind: 'llamacpp', context: 2048, start: startLlama, calls: true },
  { name: 'ollama', kind: 'ollama', context: null, start: startOllama, calls: true },
  { name: 'vllm', kind: 'vllm', context: 2048, start: startVllm, calls: false },
] as const

const MESSAGES = [{ role: 'user' as const, content: 'The river' }]

async function front(
  t: Test,
  kind: string,
  start: () => Promise<Engine>,
): Promise<{ engine: Engine; gateway: Gateway; openai: OpenAI }> {
  const engine = await start()
  t.teardown(() => engine.stop())
  const gateway = await gatewayFor(t, { backends: [{ name: 'real', kind, url: engine.url }] })
  return { engine, gateway, openai: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 }) }
}

for (const { name, kind, context, start, calls } of ENGINES) {
  t.test(`a real ${name}`, { skip: missing(name) }, async (t) => {
    const { engine, gateway, openai } = await front(t, kind, start)
    const { model } = engine

    await t.test('is discovered, with the context that it has loaded', async (t) => {
      const listed = (await openai.models.retrieve(model)) as OpenAI.Model & { context_length: number | null }
      t.equal(listed.id, model)
      if (context !== null) t.equal(listed.context_length, context)
    })

    await t.test('answers, streamed and not, with usage', async (t) => {
      const options = { model, messages: MESSAGES, temperature: 0, seed: 1, max_tokens: 40 }
      const whole = await openai.chat.completions.create(options)
      t.ok(whole.choices[0]?.message.content)
      t.ok(whole.usage?.completion_tokens)
      const stream = openai.chat.completions.stream({ ...options, stream_options: { include_usage: true } })
      const final = await stream.finalChatCompletion()
      t.equal(final.choices[0]?.message.content, whole.choices[0]?.message.content)
      t.equal((await stream.totalUsage()).completion_tokens, whole.usage?.completion_tokens)
    })

    await t.test(
      'answers the Responses API itself, for the strict helper too, and goes on from an answer',
      async (t) => {
        const options = { model, input: 'The river', temperature: 0, max_output_tokens: 40 }
        const whole = await openai.responses.create(options)
        t.ok(whole.output_text)
        t.ok(whole.usage?.output_tokens)
        const final = await openai.responses.stream(options).finalResponse()
        t.equal(final.output_text, whole.output_text)
        const next = await openai.responses.create({ ...options, input: 'And?', previous_response_id: final.id })
        t.ok((next.usage?.input_tokens ?? 0) > (whole.usage?.input_tokens ?? 0), 'with all that was said')
        t.match(gateway.logged(), /"format":"openai-responses"/)
      },
    )

    await t.test('it calls a tool', async (t) => {
      const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
      const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
      const answer = await openai.chat.completions.create({
        ...{ model, messages: MESSAGES, tools },
        tool_choice: calls ? 'auto' : 'required',
      })
      const call = answer.choices[0]?.message.tool_calls?.[0]
      t.equal(call?.type === 'function' ? call.function.name : null, 'weather')
      t.equal(answer.choices[0]?.finish_reason, 'tool_calls')
    })

    await t.test(
      'clients of Anthropic are answered by it, whole and streamed, and it counts their tokens',
      async (t) => {
        const claude = new Anthropic({ baseURL: gateway.url, apiKey: 'any', maxRetries: 0 })
        const asked = { model, max_tokens: 20, messages: MESSAGES }
        const whole = await claude.messages.create(asked)
        t.match(whole, { type: 'message', role: 'assistant', stop_reason: /^(end_turn|max_tokens)$/ })
        t.ok(whole.content.length > 0)
        const streamed = await claude.messages.stream(asked).finalMessage()
        t.ok(streamed.usage.output_tokens > 0)
        const read = ({ usage }: typeof whole): number => usage.input_tokens + (usage.cache_read_input_tokens ?? 0)
        t.equal(read(streamed), read(whole))
        const { input_tokens: counted } = await claude.messages.countTokens({ model, messages: MESSAGES })
        if (kind === 'llamacpp') t.equal(counted, read(whole), 'by its own tokenizer')
        else t.ok(counted > 0)
        t.match(gateway.logged(), /"format":"anthropic-messages"/)
      },
    )

    await t.test('its refusals are the caller’s errors', async (t) => {
      const long = 'river '.repeat(20_000)
      const answer = openai.chat.completions.create({ model, messages: [{ role: 'user', content: long }] })
      await t.rejects(answer, { constructor: OpenAI.BadRequestError, code: 'context_length_exceeded' })
    })

    await t.test('clients of Ollama are answered by it, whole and streamed', async (t) => {
      const client = new Ollama({ host: gateway.url })
      const options = { temperature: 0, seed: 1, num_predict: 30 }
      t.ok((await client.list()).models.some((one) => one.name === model))
      t.match((await client.show({ model })).capabilities, calls ? ['completion', 'tools'] : ['completion'])
      const whole = await client.chat({ model, messages: MESSAGES, options })
      t.ok(whole.message.content)
      const parts: ChatResponse[] = []
      for await (const part of await client.chat({ model, messages: MESSAGES, options, stream: true })) parts.push(part)
      t.equal(parts.map(({ message }) => message.content).join(''), whole.message.content)
      for (const answer of [whole, parts.at(-1)])
        t.match(answer, { done: true, prompt_eval_count: /[1-9]/, eval_count: /[1-9]/ })
      const generated = await client.generate({ model, prompt: 'The river', options })
      t.equal(generated.response, whole.message.content, 'a prompt is a chat of one message')
      t.ok((await client.generate({ model, prompt: 'The river', raw: true, options })).response)
      t.match(await client.generate({ model, prompt: '' }), { done: true, done_reason: 'load' })
      t.match(await client.ps(), { models: [{ name: model }] })
      const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
      const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }]
      if (calls) {
        const called = await client.chat({ model, messages: MESSAGES, tools })
        t.match(called.message.tool_calls, [{ function: { name: 'weather', arguments: { city: String } } }])
      }
      const form = await client.chat({ model, messages: MESSAGES, format: parameters, options })
      t.type((JSON.parse(form.message.content) as { city?: unknown }).city, 'string')
    })

    await t.test('a caller that leaves frees it', async (t) => {
      const client = await RawClient.open(gateway.url)
      const response = await client.send(CHAT_PATH, { body: chatStream({ model, max_tokens: 1_500 }) })
      await response.next()
      client.destroy()
      t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
      if (name === 'llama') {
        const idle = async (): Promise<boolean> => {
          const slots = (await (await fetch(`${engine.url}/slots`)).json()) as { is_processing: boolean }[]
          return slots.every((slot) => !slot.is_processing)
        }
        await eventually(1_000, 'all slots are free', idle)
      }
      const after = await rawPost(gateway.url, CHAT_PATH, chatStream({ model, max_tokens: 20 }))
      t.equal((await readStream(after)).dones, 1)
    })
  })
}

t.test('an Ollama loads its model as its operator wishes', { skip: missing('ollama') }, async (t) => {
  const engine = await startOllama()
  t.teardown(() => engine.stop())
  const backend = { name: 'real', kind: 'ollama', url: engine.url, num_ctx: 1024, keep_alive: '17m' }
  const gateway = await gatewayFor(t, { backends: [backend] })
  const loaded = async (): Promise<readonly (readonly [context: number, minutes: number])[]> => {
    const { models } = (await (await fetch(`${engine.url}/api/ps`)).json()) as {
      models: { context_length: number; expires_at: string }[]
    }
    return models.map((one) => [one.context_length, Math.round((Date.parse(one.expires_at) - Date.now()) / 60_000)])
  }
  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const { model } = engine
  const options = { model, messages: MESSAGES, temperature: 0, seed: 1, max_tokens: 20 }
  const whole = await openai.chat.completions.create(options)
  t.strictSame(await loaded(), [[1024, 17]], 'for a client of OpenAI')
  const stream = openai.chat.completions.stream({ ...options, stream_options: { include_usage: true } })
  t.equal((await stream.finalChatCompletion()).choices[0]?.message.content, whole.choices[0]?.message.content)
  t.ok((await stream.totalUsage()).completion_tokens)
  await new Ollama({ host: gateway.url }).chat({ model, messages: MESSAGES, options: { num_ctx: 512, num_predict: 3 } })
  t.strictSame(await loaded(), [[1024, 17]], 'and for one of Ollama')
})

t.test('clients of Ollama embed texts with a real llama', { skip: missing('llama') }, async (t) => {
  const engine = await startLlama(['--embeddings', '--pooling', 'mean'])
  t.teardown(() => engine.stop())
  const models = { [engine.model]: { capabilities: { embeddings: true } } }
  const gateway = await gatewayFor(t, { models, backends: [{ name: 'real', kind: 'llamacpp', url: engine.url }] })
  const client = new Ollama({ host: gateway.url })
  const { embeddings } = await client.embed({ model: engine.model, input: ['the sea', 'the old house'] })
  t.equal(embeddings.length, 2)
  t.ok(embeddings.every((vector) => vector.length === embeddings[0]?.length && vector.every(Number.isFinite)))
  const { embedding } = await client.embeddings({ model: engine.model, prompt: 'the sea' })
  t.equal(embedding.length, embeddings[0]?.length)
})
