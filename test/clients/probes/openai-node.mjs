import OpenAI from 'openai'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, TOOL, UNKNOWN, URL } from './probe.mjs'

const clientOf = (apiKey) => new OpenAI({ baseURL: `${URL}/v1`, apiKey })
const client = clientOf(KEY)
const messages = [{ role: 'user', content: QUESTION }]
const tools = [{ type: 'function', function: TOOL }]

const usage = ({ usage }) => ({ input: usage.prompt_tokens, output: usage.completion_tokens })

async function whole({ by = client, model = MODEL } = {}) {
  const answer = await by.chat.completions.create({ model, messages })
  return { text: answer.choices[0].message.content, ...usage(answer) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const pieces = []
    const body = { model: MODEL, messages, stream_options: { include_usage: true } }
    const stream = client.chat.completions.stream(body).on('content', (piece) => pieces.push(piece))
    return { pieces, ...usage(await stream.finalChatCompletion()) }
  },
  async tool() {
    const [{ message }] = (await client.chat.completions.create({ model: MODEL, messages, tools })).choices
    const [call] = message.tool_calls
    const result = { role: 'tool', tool_call_id: call.id, content: RESULT }
    const body = { model: MODEL, messages: [...messages, message, result], tools }
    const answer = await client.chat.completions.create(body)
    return {
      calls: [[call.function.name, JSON.parse(call.function.arguments)]],
      text: answer.choices[0].message.content,
    }
  },
  async schema() {
    const json_schema = { name: 'place', schema: PLACE, strict: true }
    const body = { model: MODEL, messages, response_format: { type: 'json_schema', json_schema } }
    return { object: (await client.chat.completions.parse(body)).choices[0].message.parsed }
  },
  async embedding() {
    const { data } = await client.embeddings.create({ model: MODEL, input: ['one', 'two'] })
    return { lengths: data.map(({ embedding }) => embedding.length) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ by: clientOf(POOR) }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    for await (const { choices } of await client.chat.completions.create({ model: MODEL, messages, stream: true }))
      if (choices[0]?.delta.content) return {}
  },
})
