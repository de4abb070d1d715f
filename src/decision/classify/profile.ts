/** What a request needs, how large it is, and what it is about, read from its body. Pure; linear in the number of messages, not of bytes. */
import { isObject } from '../../core/is-object.ts'
import { callerName } from '../../core/caller-name.ts'
import { KEPT_BYTES, textBytes } from '../../core/cut-text.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Capability, Effort } from '../../core/capabilities.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import { type Conversation, readConversation } from './conversation.ts'
import { cueOf } from './cues.ts'
import { effortOf } from './effort.ts'
import { topicKnown, leaning, textFeatures } from './text-features.ts'
import { tokensOf } from './tokens.ts'
import type { Weights } from './weights.ts'

export type Classifier = (request: GatewayRequest) => RequestProfile

/** A tool's schema is mostly short words and marks. */
const SCHEMA_BYTES_PER_TOKEN = 4

/** `weights`: the shipped ones, see loadWeights. */
export function classifier(weights: Weights): Classifier {
  return (request) => {
    const { endpoint } = request
    const { body } = request
    if (endpoint.id === 'embeddings') {
      const [all, longest] = sizes(body['input'] ?? body['inputs'] ?? body['content'])
      const { tokens } = readConversation(body['messages'])
      return plain(request, 'embeddings', all + tokens, longest + tokens)
    }
    if (endpoint.id === 'rerank') {
      const query = tokensIn(body['query'])
      const [all, longest] = sizes(body['documents'] ?? body['texts'] ?? body['passages'])
      return plain(request, 'rerank', query + all, query + longest)
    }
    return generation(request, weights)
  }
}

/** A request whose answer is no text. */
function plain(request: GatewayRequest, need: Capability, tokens: number, longest: number): RequestProfile {
  return {
    endpoint: request.endpoint.id,
    class: 'other',
    difficulty: null,
    language: null,
    inputTokens: Math.ceil(tokens),
    longestTokens: Math.ceil(longest),
    maxOutput: null,
    effort: null,
    needs: [need],
    ...ties(request, null),
    features: null,
  }
}

function generation(request: GatewayRequest, weights: Weights): RequestProfile {
  const { body } = request
  const conversation = readConversation(body['messages'])
  const [prompts, longest] = sizes(body['prompt'])
  const own = conversation.question ?? firstText(body['prompt'])
  const read = textFeatures(own, textBytes(own), weights)
  const tools = filled(body['tools']) || filled(body['functions'])
  const form = conversation.images > 0 ? 'vision' : conversation.usesTools ? 'agent' : null
  const cue = form === null ? cueOf(own) : null
  const features = form !== null ? topicKnown(read, form, weights) : cue !== null ? leaning(read, cue, weights) : read
  const effort = effortOf(body)
  const rest = conversation.tokens + (tools ? sizeOf(request, 'tools', 'functions') / SCHEMA_BYTES_PER_TOKEN : 0)
  return {
    endpoint: request.endpoint.id,
    class: features.class,
    difficulty: Math.round(features.difficulty * 1000) / 1000,
    language: features.language,
    inputTokens: Math.ceil(rest + prompts),
    longestTokens: Math.ceil(rest + longest),
    maxOutput: positive(body['max_completion_tokens']) ?? positive(body['max_tokens']),
    effort,
    needs: needsOf(body, conversation, tools, effort),
    ...ties(request, conversation),
    features,
  }
}

function needsOf(
  body: JsonObject,
  { images, sounds }: Conversation,
  tools: boolean,
  effort: Effort | null,
): readonly Capability[] {
  const needs: Capability[] = ['chat']
  if (images > 0) needs.push('vision')
  if (sounds > 0) needs.push('audio')
  if (tools) needs.push('tools')
  const format = typeOf(body['response_format'])
  if (format === 'json_schema' || format === 'json_object') needs.push(format)
  if (body['logprobs'] === true || typeof body['logprobs'] === 'number') needs.push('logprobs')
  if (isObject(body['logit_bias']) && Object.keys(body['logit_bias']).length > 0) needs.push('logit_bias')
  if (typeof body['n'] === 'number' && body['n'] > 1) needs.push('n')
  if (effort !== null && effort !== 'none') needs.push('reasoning')
  return needs
}

/** What ties requests together: the caller's own key, else the beginning of the conversation. */
function ties(
  request: GatewayRequest,
  conversation: Conversation | null,
): Pick<RequestProfile, 'affinity' | 'continues'> {
  const { body, session } = request
  const given = session ?? callerName(body['previous_response_id'])
  if (given !== null || conversation === null || conversation.opening === null)
    return { affinity: given, continues: given !== null }
  return { affinity: `c-${conversation.opening}`, continues: conversation.continues }
}

/** Bytes of top-level members. */
function sizeOf({ members }: GatewayRequest, ...keys: readonly string[]): number {
  let bytes = 0
  for (const member of members) if (keys.includes(member.key)) bytes += member.valueEnd - member.valueStart
  return bytes
}

/** Tokens of all texts, and of the longest. */
const sizes = (value: Json | undefined): [all: number, longest: number] =>
  Array.isArray(value) && value.length > MOST_TEXTS
    ? sampledSizes(value as readonly Json[])
    : [tokensIn(value), longestIn(value)]

/** So many texts are read each by itself; of more, some speak for all. */
const MOST_TEXTS = 2_048
const SAMPLE = 512

function sampledSizes(list: readonly Json[]): [all: number, longest: number] {
  if (typeof list[0] === 'number') return [list.length, list.length]
  let weight = 0
  let heaviest = 0
  let longest: Json | undefined
  for (const one of list) {
    const own = weightOf(one)
    weight += own
    if (own <= heaviest) continue
    heaviest = own
    longest = one
  }
  let [sampled, tokens] = [0, 0]
  const step = list.length / SAMPLE
  for (let at = 0; at < list.length; at += step) {
    const one = list[Math.floor(at)]
    sampled += weightOf(one)
    tokens += tokensIn(one, 1)
  }
  return [sampled === 0 ? 0 : (tokens * weight) / sampled, tokensIn(longest, 1)]
}

/** Bytes of a text, numbers of a list: what its tokens grow with. */
function weightOf(value: Json | undefined): number {
  if (typeof value === 'string') return value.length > KEPT_BYTES ? textBytes(value) : value.length
  if (Array.isArray(value)) return value.length
  return isObject(value) ? weightOf(value['text'] ?? value['content'] ?? value['prompt_string']) : 1
}

/** A text, a list of texts or of token numbers. */
function tokensIn(value: Json | undefined, depth = 0): number {
  if (typeof value === 'string') return tokensOf(value)
  if (typeof value === 'number') return 1
  if (depth > 3) return 0
  if (Array.isArray(value)) {
    // Tokens as numbers, by the million.
    if (typeof value[0] === 'number') return value.length
    return (value as readonly Json[]).reduce<number>((sum, one) => sum + tokensIn(one, depth + 1), 0)
  }
  return isObject(value) ? tokensIn(value['text'] ?? value['content'] ?? value['prompt_string'], depth + 1) : 0
}

/** Of several texts the longest; a list of token numbers is one text. */
function longestIn(value: Json | undefined): number {
  if (!Array.isArray(value) || typeof value[0] === 'number') return tokensIn(value)
  return (value as readonly Json[]).reduce<number>((longest, one) => Math.max(longest, tokensIn(one)), 0)
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}

const positive = (value: Json | undefined): number | null => (typeof value === 'number' && value >= 1 ? value : null)

const filled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0

const typeOf = (value: Json | undefined): Json | undefined => (isObject(value) ? value['type'] : undefined)
