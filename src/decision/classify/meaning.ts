/** What a request is about: by its form where that tells, by words that ask outright, by the text that asks. Pure. */
import type { TextFeatures } from '../../core/arm.ts'
import { keptLength, textBytes } from '../../core/cut-text.ts'
import type { Json } from '../../core/json.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Conversation } from './conversation.ts'
import { cueOf } from './cues.ts'
import { featureReader, leaning, topicKnown } from './text-features.ts'
import type { ClassifierWeights } from './weights.ts'

export type MeaningReader = (prompt: Prompt, conversation: Conversation) => TextFeatures

export function meaningReader(weights: ClassifierWeights): MeaningReader {
  const featuresOf = featureReader(weights)
  return (prompt, { question, images, usesTools }) => {
    const own = question ?? firstText(prompt.inputs)
    // What marks a text that was cut is none of its words.
    const kept = own.slice(0, keptLength(own))
    const read = featuresOf(kept, textBytes(own))
    if (images > 0) return topicKnown(read, 'vision', weights)
    if (usesTools) return topicKnown(read, 'agent', weights)
    const cue = cueOf(kept)
    return cue === null ? read : leaning(read, cue, weights)
  }
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}
