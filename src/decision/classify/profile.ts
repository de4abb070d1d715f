/** What a request needs, how large it is, and what it is about, read from its prompt. Pure; linear in the number of messages, not of bytes. */
import { callerName } from '../../core/caller-name.ts'
import { asksToLoad } from '../../core/endpoints.ts'
import type { TextFeatures } from '../../core/arm.ts'
import { NO_PREFIX, type Prefix } from '../../core/prefix.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { AgentStep, Capability, Effort, TaskClass } from '../../core/capabilities.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import { type Conversation, readConversation } from './conversation.ts'
import { type MeaningReader, meaningReader } from './meaning.ts'
import { prefixOf } from './prefix.ts'
import { type Size, sizeOf } from './size.ts'
import type { ClassifierWeights } from './weights.ts'

export type Classifier = (request: GatewayRequest) => RequestProfile

/** `weights`: the shipped ones, see classifier-file.ts. */
export function classifier(weights: ClassifierWeights): Classifier {
  const meaningOf = meaningReader(weights)
  return (request) => new LazyProfile(request, meaningOf)
}

/** Works out at once what would be when somebody reads it. */
export const workOut = ({
  inputTokens,
  features,
}: RequestProfile): Pick<RequestProfile, 'inputTokens' | 'features'> => ({
  inputTokens,
  features,
})

/**
 * The messages are gone through at once; their tokens are counted, and what they are about is worked out, when somebody reads
 * it: a request that can go to one place only is sent before that.
 */
class LazyProfile implements RequestProfile {
  readonly endpoint: string
  readonly generates: boolean
  readonly maxOutput: number | null
  readonly effort: Effort | null
  readonly needs: readonly Capability[]
  readonly native: readonly string[]
  readonly affinity: string | null
  readonly continues: boolean
  readonly #prompt: Prompt
  readonly #conversation: Conversation
  readonly #meaningOf: MeaningReader
  #size: Size | null = null
  #features: TextFeatures | null = null
  #prefix: Prefix | null = null

  constructor(request: GatewayRequest, meaningOf: MeaningReader) {
    const { prompt } = request
    const id = request.endpoint.asks ?? request.endpoint.id
    const conversation = readConversation(prompt)
    this.endpoint = id
    const loads = asksToLoad(request.endpoint)
    this.generates = id !== 'embeddings' && id !== 'rerank' && !loads
    this.maxOutput = this.generates ? prompt.maxOutput : null
    this.effort = this.generates ? prompt.effort : null
    this.needs = id === 'embeddings' || id === 'rerank' ? [id] : loads ? NOTHING : needsOf(prompt, conversation)
    this.native = prompt.native
    const given = request.session ?? callerName(prompt.previousAnswer)
    const opening = given === null && this.generates ? conversation.opening : null
    this.affinity = opening === null ? given : `c-${opening}`
    this.continues = opening === null ? given !== null : conversation.continues
    this.#prompt = prompt
    this.#conversation = conversation
    this.#meaningOf = meaningOf
  }

  get inputTokens(): number {
    return (this.#size ??= sizeOf(this.endpoint, this.#prompt, this.#conversation)).all
  }

  get longestTokens(): number {
    return (this.#size ??= sizeOf(this.endpoint, this.#prompt, this.#conversation)).longest
  }

  get context(): number | null {
    return this.#prompt.context ?? null
  }

  get features(): TextFeatures | null {
    if (!this.generates) return null
    return (this.#features ??= this.#meaningOf(this.#prompt, this.#conversation))
  }

  get prefix(): Prefix {
    return (this.#prefix ??= this.generates ? prefixOf(this.#prompt) : NO_PREFIX)
  }

  get class(): TaskClass {
    return this.features?.class ?? 'other'
  }

  get step(): AgentStep | null {
    return this.features?.step ?? null
  }

  get difficulty(): number | null {
    const { features } = this
    return features === null ? null : Math.round(features.difficulty * 1000) / 1000
  }

  get language(): string | null {
    return this.features?.language ?? null
  }
}

/** Of a model that is to be loaded, whatever it is for. */
const NOTHING: readonly Capability[] = []

function needsOf(prompt: Prompt, { images, sounds }: Conversation): readonly Capability[] {
  const { answerForm, hasTools, mustThink, wantsLogprobs, hasLogitBias, choices } = prompt
  const needs: Capability[] = ['chat']
  if (images > 0) needs.push('vision')
  if (sounds > 0) needs.push('audio')
  if (hasTools) needs.push('tools')
  if (answerForm === 'json_schema' || answerForm === 'json_object') needs.push(answerForm)
  if (wantsLogprobs) needs.push('logprobs')
  if (hasLogitBias) needs.push('logit_bias')
  if (choices > 1) needs.push('n')
  if (mustThink) needs.push('reasoning')
  return needs
}
