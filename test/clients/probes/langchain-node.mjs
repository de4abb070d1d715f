import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { createAgent, tool } from 'langchain'
import { z } from 'zod'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, UNKNOWN, URL } from './probe.mjs'

const modelOf = ({ model = MODEL, apiKey = KEY } = {}) =>
  new ChatOpenAI({ configuration: { baseURL: `${URL}/v1` }, apiKey, model })

const usage = ({ usage_metadata }) => ({ input: usage_metadata.input_tokens, output: usage_metadata.output_tokens })

async function whole(wanted) {
  const answer = await modelOf(wanted).invoke(QUESTION)
  return { text: answer.content, ...usage(answer) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const chunks = []
    for await (const chunk of await modelOf().stream(QUESTION)) chunks.push(chunk)
    const total = chunks.reduce((sum, chunk) => sum.concat(chunk))
    return { pieces: chunks.flatMap(({ content }) => (content ? [content] : [])), ...usage(total) }
  },
  async tool() {
    const calls = []
    const bash = tool(
      (input) => {
        calls.push(['bash', input])
        return RESULT
      },
      { name: 'bash', description: 'Runs a command.', schema: z.object({ command: z.string() }) },
    )
    const { messages } = await createAgent({ model: modelOf(), tools: [bash] }).invoke({
      messages: [{ role: 'user', content: QUESTION }],
    })
    return { calls, text: messages.at(-1).content }
  },
  schema: async () => ({
    object: await modelOf().withStructuredOutput(PLACE, { name: 'place', method: 'jsonSchema' }).invoke(QUESTION),
  }),
  async embedding() {
    const texts = new OpenAIEmbeddings({ configuration: { baseURL: `${URL}/v1` }, apiKey: KEY, model: MODEL })
    return { lengths: (await texts.embedDocuments(['one', 'two'])).map(({ length }) => length) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ apiKey: POOR }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    for await (const { content } of await modelOf().stream(QUESTION)) if (content) return {}
  },
})
