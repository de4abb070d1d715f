import { GoogleGenAI } from '@google/genai'
import { BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, run, TOOL, UNKNOWN, URL } from './probe.mjs'

const clientOf = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: URL } })
const { models } = clientOf(KEY)
const asked = { model: MODEL, contents: QUESTION }

const usage = ({ usageMetadata }) => ({
  input: usageMetadata.promptTokenCount,
  output: usageMetadata.candidatesTokenCount,
})

async function whole({ by = models, model = MODEL } = {}) {
  const answer = await by.generateContent({ ...asked, model })
  return { text: answer.text, ...usage(answer) }
}

await run({
  whole: () => whole(),
  async streamed() {
    const chunks = []
    for await (const chunk of await models.generateContentStream(asked)) chunks.push(chunk)
    const pieces = chunks.flatMap(({ text }) => (text ? [text] : []))
    return { pieces, ...usage(chunks.findLast(({ usageMetadata }) => usageMetadata)) }
  },
  async tool() {
    const { name, description, parameters } = TOOL
    const config = { tools: [{ functionDeclarations: [{ name, description, parametersJsonSchema: parameters }] }] }
    const answer = await models.generateContent({ ...asked, config })
    const [call] = answer.functionCalls
    const result = { functionResponse: { id: call.id, name: call.name, response: { result: RESULT } } }
    const talk = [{ role: 'user', parts: [{ text: QUESTION }] }, answer.candidates[0].content]
    const last = await models.generateContent({
      model: MODEL,
      contents: [...talk, { role: 'user', parts: [result] }],
      config,
    })
    return { calls: [[call.name, call.args]], text: last.text }
  },
  async schema() {
    const config = { responseMimeType: 'application/json', responseJsonSchema: PLACE }
    return { object: JSON.parse((await models.generateContent({ ...asked, config })).text) }
  },
  async embedding() {
    const { embeddings } = await models.embedContent({ model: MODEL, contents: ['one', 'two'] })
    return { lengths: embeddings.map(({ values }) => values.length) }
  },
  unknown: () => whole({ model: UNKNOWN }),
  refused: () => whole({ by: clientOf(POOR).models }),
  waits: () => whole({ model: BUSY }),
  async leaves() {
    for await (const { text } of await models.generateContentStream(asked)) if (text) return {}
  },
})
