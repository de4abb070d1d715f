/** What Ollama's bodies are called, for `ContentsPrompt`. */
import { OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS, type Endpoint } from '../../core/endpoints.ts'
import { isObject } from '../../core/is-object.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Prompt, SchemaSource } from '../../core/prompt.ts'
import { ContentsPrompt, type Spelling } from '../contents-prompt.ts'
import { contentsOf } from './contents.ts'

export const OLLAMA = 'ollama'

const COMMON = {
  format: OLLAMA,
  contentsOf,
  tools: ['tools'],
  toolSchemas,
  answerSchema,
  previousAnswer: () => undefined,
  context,
} as const

const CHAT: Spelling = { ...COMMON, member: 'messages' }
const GENERATE: Spelling = { ...COMMON, member: 'prompt' }
const EMBED: Spelling = { ...COMMON, member: 'input', inputs: ({ input }) => input }
const EMBEDDINGS: Spelling = { ...COMMON, member: 'prompt', inputs: ({ prompt }) => prompt }

const BY_ID: Readonly<Record<string, Spelling>> = {
  [OLLAMA_CHAT.id]: CHAT,
  [OLLAMA_EMBED.id]: EMBED,
  [OLLAMA_EMBEDDINGS.id]: EMBEDDINGS,
}

export const spellingOf = ({ id }: Endpoint): Spelling => BY_ID[id] ?? GENERATE

/** It came in this format. */
export const isOwn = (prompt: Prompt): prompt is ContentsPrompt =>
  prompt instanceof ContentsPrompt && prompt.spelling.format === OLLAMA

function toolSchemas(prompt: ContentsPrompt): SchemaSource[] {
  const json = prompt.bytesOf('tools')
  return json === null ? [] : [{ json, holders: ['function'], schema: 'parameters' }]
}

/** The schema is the value of `format` itself. */
function answerSchema(prompt: ContentsPrompt): SchemaSource | null {
  const json = isObject(prompt.body['format']) ? prompt.bytesOf('format') : null
  if (json === null) return null
  return { json: Buffer.concat([BEFORE, json, BEHIND]), holders: [], schema: 'format' }
}

const BEFORE = Buffer.from('{"format":')
const BEHIND = Buffer.from('}')

function context({ options }: JsonObject): number | null {
  const told = isObject(options) ? options['num_ctx'] : null
  return typeof told === 'number' && told > 0 ? told : null
}
