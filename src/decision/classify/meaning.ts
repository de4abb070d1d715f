/** What a request is about: by its form where that tells, by words that ask outright, by the text that asks. Pure. */
import type { TextFeatures } from '../../core/arm.ts'
import { textBytes } from '../../core/cut-text.ts'
import type { Json } from '../../core/json.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Conversation } from './conversation.ts'
import { cueOf } from './cues.ts'
import { leaning, textFeatures, topicKnown } from './text-features.ts'
import type { ClassifierWeights } from './weights.ts'

export function meaningOf(prompt: Prompt, conversation: Conversation, weights: ClassifierWeights): TextFeatures {
  const own = conversation.question ?? firstText(prompt.inputs)
  const read = textFeatures(own, textBytes(own), weights)
  if (conversation.images > 0) return topicKnown(read, 'vision', weights)
  if (conversation.usesTools) return topicKnown(read, 'agent', weights)
  const cue = cueOf(own)
  return cue === null ? read : leaning(read, cue, weights)
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}
