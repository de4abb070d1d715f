/** What a request needs, how large it is, and what it is about, read from its prompt. Pure; linear in the number of messages, not of bytes. */
import { callerName } from '../../core/caller-name.ts'
import { textBytes } from '../../core/cut-text.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Json } from '../../core/json.ts'
import type { Capability, Effort } from '../../core/capabilities.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import { type Conversation, readConversation } from './conversation.ts'
import { cueOf } from './cues.ts'
import { sizes, tokensIn } from './input-sizes.ts'
import { topicKnown, leaning, textFeatures } from './text-features.ts'
import type { ClassifierWeights } from './weights.ts'

export type Classifier = (request: GatewayRequest) => RequestProfile

/** A tool's schema is mostly short words and marks. */
const SCHEMA_BYTES_PER_TOKEN = 4

/** `weights`: the shipped ones, see classifier-file.ts. */
export function classifier(weights: ClassifierWeights): Classifier {
  return (request) => {
    const { endpoint, prompt } = request
    if (endpoint.id === 'embeddings') {
      const [all, longest] = sizes(prompt.inputs, prompt)
      const { tokens } = readConversation(prompt)
      return plain(request, 'embeddings', all + tokens, longest + tokens)
    }
    if (endpoint.id === 'rerank') {
      const query = tokensIn(prompt.query, prompt)
      const [all, longest] = sizes(prompt.inputs, prompt)
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

function generation(request: GatewayRequest, weights: ClassifierWeights): RequestProfile {
  const { prompt } = request
  const conversation = readConversation(prompt)
  const { inputs, effort, hasTools } = prompt
  const [prompts, longest] = sizes(inputs, prompt)
  const own = conversation.question ?? firstText(inputs)
  const read = textFeatures(own, textBytes(own), weights)
  const form = conversation.images > 0 ? 'vision' : conversation.usesTools ? 'agent' : null
  const cue = form === null ? cueOf(own) : null
  const features = form !== null ? topicKnown(read, form, weights) : cue !== null ? leaning(read, cue, weights) : read
  const rest = conversation.tokens + (hasTools ? prompt.toolBytes / SCHEMA_BYTES_PER_TOKEN : 0)
  return {
    endpoint: request.endpoint.id,
    class: features.class,
    difficulty: Math.round(features.difficulty * 1000) / 1000,
    language: features.language,
    inputTokens: Math.ceil(rest + prompts),
    longestTokens: Math.ceil(rest + longest),
    maxOutput: prompt.maxOutput,
    effort,
    needs: needsOf(prompt, conversation, hasTools, effort),
    ...ties(request, conversation),
    features,
  }
}

function needsOf(
  { answerForm, wantsLogprobs, hasLogitBias, choices }: Prompt,
  { images, sounds }: Conversation,
  tools: boolean,
  effort: Effort | null,
): readonly Capability[] {
  const needs: Capability[] = ['chat']
  if (images > 0) needs.push('vision')
  if (sounds > 0) needs.push('audio')
  if (tools) needs.push('tools')
  if (answerForm === 'json_schema' || answerForm === 'json_object') needs.push(answerForm)
  if (wantsLogprobs) needs.push('logprobs')
  if (hasLogitBias) needs.push('logit_bias')
  if (choices > 1) needs.push('n')
  if (effort !== null && effort !== 'none') needs.push('reasoning')
  return needs
}

/** What ties requests together: the caller's own key, else the beginning of the conversation. */
function ties(
  request: GatewayRequest,
  conversation: Conversation | null,
): Pick<RequestProfile, 'affinity' | 'continues'> {
  const { prompt, session } = request
  const given = session ?? callerName(prompt.previousAnswer)
  if (given !== null || conversation === null || conversation.opening === null)
    return { affinity: given, continues: given !== null }
  return { affinity: `c-${conversation.opening}`, continues: conversation.continues }
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}
