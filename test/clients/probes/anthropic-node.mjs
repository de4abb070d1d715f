import Anthropic from '@anthropic-ai/sdk'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, TOOL, UNKNOWN, URL } from './probe.mjs'

const clientOf = (apiKey) => new Anthropic({ baseURL: URL, apiKey })
const client = clientOf(KEY)
const messages = [{ role: 'user', content: QUESTION }]
const asked = { model: MODEL, messages, max_tokens: 500 }
const tools = [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.parameters }]

const usage = ({ usage }) => ({ input: usage.input_tokens, output: usage.output_tokens })
const textOf = ({ content }) => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')

async function whole({ by = client, model = MODEL } = {}) {
  const answer = await by.messages.create({ ...asked, model })
  return { text: textOf(answer), ...usage(answer) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const pieces = []
    const stream = client.messages.stream(asked).on('text', (piece) => pieces.push(piece))
    return { pieces, ...usage(await stream.finalMessage()) }
  },
  async tool() {
    const { content } = await client.messages.create({ ...asked, tools })
    const call = content.find(({ type }) => type === 'tool_use')
    const result = { type: 'tool_result', tool_use_id: call.id, content: RESULT }
    const talk = [...messages, { role: 'assistant', content }, { role: 'user', content: [result] }]
    const answer = await client.messages.create({ ...asked, messages: talk, tools })
    return { calls: [[call.name, call.input]], text: textOf(answer) }
  },
  async schema() {
    const output_config = { format: { type: 'json_schema', schema: PLACE } }
    return { object: JSON.parse(textOf(await client.messages.create({ ...asked, output_config }))) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ by: clientOf(POOR) }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    for await (const { type } of await client.messages.create({ ...asked, stream: true }))
      if (type === 'content_block_delta') return {}
  },
})
