import { Ollama } from 'ollama'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, TOOL, UNKNOWN, URL } from './probe.mjs'

const clientOf = (key) => new Ollama({ host: URL, headers: { authorization: `Bearer ${key}` } })
const client = clientOf(KEY)
const messages = [{ role: 'user', content: QUESTION }]
const asked = { model: MODEL, messages }
const tools = [{ type: 'function', function: TOOL }]

const usage = ({ prompt_eval_count, eval_count }) => ({ input: prompt_eval_count, output: eval_count })

async function whole({ by = client, model = MODEL } = {}) {
  const answer = await by.chat({ ...asked, model })
  return { text: answer.message.content, ...usage(answer) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const chunks = []
    for await (const chunk of await client.chat({ ...asked, stream: true })) chunks.push(chunk)
    const pieces = chunks.flatMap(({ message }) => (message.content ? [message.content] : []))
    return { pieces, ...usage(chunks.at(-1)) }
  },
  async tool() {
    const { message } = await client.chat({ ...asked, tools })
    const [{ function: call }] = message.tool_calls
    const result = { role: 'tool', tool_name: call.name, content: RESULT }
    const answer = await client.chat({ model: MODEL, messages: [...messages, message, result], tools })
    return { calls: [[call.name, call.arguments]], text: answer.message.content }
  },
  schema: async () => ({ object: JSON.parse((await client.chat({ ...asked, format: PLACE })).message.content) }),
  async embedding() {
    const { embeddings } = await client.embed({ model: MODEL, input: ['one', 'two'] })
    return { lengths: embeddings.map(({ length }) => length) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ by: clientOf(POOR) }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    const stream = await client.chat({ ...asked, stream: true })
    for await (const { message } of stream) if (message.content) break
    stream.abort()
    return {}
  },
})
