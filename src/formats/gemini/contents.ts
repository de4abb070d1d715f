/** All that a request in Google's form says, in neutral words. Pure. */
import type { Endpoint } from '../../core/endpoints.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Contents } from '../../core/prompt.ts'
import { invalidMember } from '../json/read-object.ts'
import { configOf } from './config.ts'
import { embeddingOf } from './embedding-request.ts'
import { listOf, member, namesIn, textOf } from './member.ts'
import { type Lose, messagesOf } from './messages.ts'
import { toolChoiceOf, toolsOf } from './tools.ts'

/** Members that `Contents` holds; `model` stands in the path. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'contents', 'systemInstruction', 'tools', 'toolConfig', 'generationConfig', 'labels', 'serviceTier'],
])

/** Throws `invalid_request`, which names the member and what it should be. */
export function contentsOf(body: JsonObject, endpoint: Endpoint): Contents {
  const unsaid = new Set<string>()
  const lose: Lose = (name) => unsaid.add(name)
  if (endpoint.asks === 'embeddings') {
    const { embedding, native } = embeddingOf(body, lose)
    return { ...NOTHING, embedding, native, unsaid: [...unsaid] }
  }
  for (const name of namesIn(body)) if (!SAID.has(name)) lose(name)
  const { native, ...config } = configOf(member(body, 'generationConfig'), lose)
  const tools = toolsOf(body['tools'], lose)
  const labels = body['labels']
  return {
    ...NOTHING,
    ...config,
    messages: messagesOf(member(body, 'systemInstruction'), turnsIn(body['contents']), lose),
    tools: tools.own,
    toolChoice: toolChoiceOf(member(body, 'toolConfig'), lose),
    serviceTier: tierOf(textOf(member(body, 'serviceTier'))),
    metadata: isObject(labels) ? labels : null,
    native: [...tools.native, ...native, ...CACHED.filter((name) => (member(body, name) ?? null) !== null)],
    unsaid: [...unsaid],
  }
}

/** A part of the prompt that lies with Google. */
const CACHED = ['cachedContent']

const NOTHING: Contents = {
  messages: [],
  tools: [],
  toolChoice: null,
  parallelCalls: null,
  answer: null,
  sampling: {
    maxOutput: null,
    choices: null,
    temperature: null,
    topP: null,
    topK: null,
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
  },
  stop: [],
  thinking: null,
  verbosity: null,
  user: null,
  cacheKey: null,
  serviceTier: null,
  logprobs: null,
  metadata: null,
  unsaid: [],
}

/** In OpenAI's words. */
const tierOf = (tier: string | null): string | null =>
  tier === null ? null : tier.toLowerCase() === 'standard' ? 'default' : tier.toLowerCase()

/** One content alone is taken for a list of it. */
export function turnsIn(contents: Json | undefined): readonly JsonObject[] {
  const list = isObject(contents) ? [contents] : listOf(contents)
  const turns = list.filter((one) => isObject(one))
  if (turns.length > 0 && turns.length === list.length) return turns
  throw invalidMember('contents', '`contents` must be an array of contents, each with its `parts`.')
}
