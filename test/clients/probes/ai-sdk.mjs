import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, TOOL, UNKNOWN, URL } from './probe.mjs'

const turnoutOf = (apiKey) =>
  createOpenAICompatible({
    name: 'turnout',
    baseURL: `${URL}/v1`,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })
const turnout = turnoutOf(KEY)

const usage = ({ inputTokens, outputTokens }) => ({ input: inputTokens, output: outputTokens })

async function whole({ by = turnout, model = MODEL } = {}) {
  const answer = await generateText({ model: by(model), prompt: QUESTION })
  return { text: answer.text, ...usage(answer.usage) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const stream = streamText({ model: turnout(MODEL), prompt: QUESTION })
    const pieces = []
    for await (const piece of stream.textStream) pieces.push(piece)
    return { pieces, ...usage(await stream.usage) }
  },
  async tool() {
    const calls = []
    const bash = tool({
      description: TOOL.description,
      inputSchema: jsonSchema(TOOL.parameters),
      execute(input) {
        calls.push(['bash', input])
        return RESULT
      },
    })
    const asked = { model: turnout(MODEL), prompt: QUESTION, tools: { bash }, stopWhen: stepCountIs(3) }
    return { text: (await generateText(asked)).text, calls }
  },
  async schema() {
    const output = Output.object({ schema: jsonSchema(PLACE) })
    return { object: (await generateText({ model: turnout(MODEL), prompt: QUESTION, output })).output }
  },
  async embedding() {
    const { embeddings } = await embedMany({ model: turnout.embeddingModel(MODEL), values: ['one', 'two'] })
    return { lengths: embeddings.map(({ length }) => length) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ by: turnoutOf(POOR) }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    const gone = new AbortController()
    const { textStream } = streamText({ model: turnout(MODEL), prompt: QUESTION, abortSignal: gone.signal })
    for await (const piece of textStream) if (piece) break
    gone.abort()
    return {}
  },
})
