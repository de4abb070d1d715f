/** What a request is about: by its form where that tells, by words that ask outright, by the text that asks. Pure. */
import type { TextFeatures } from '../../core/arm.ts'
import { keptLength, textBytes } from '../../core/cut-text.ts'
import type { Json } from '../../core/json.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Conversation } from './conversation.ts'
import { featureReader, leaning, topicKnown } from './text-features.ts'
import type { ClassifierWeights } from './weights.ts'

/** Any model can say hello. */
const EASIEST = 0.02

export type MeaningReader = (prompt: Prompt, conversation: Conversation) => TextFeatures

export function meaningReader(weights: ClassifierWeights): MeaningReader {
  const reader = featureReader(weights)
  const { said } = reader
  return (prompt, { question, images, usesTools }) => {
    const own = question ?? firstText(prompt.inputs)
    // What marks a text that was cut is none of its words.
    const kept = own.slice(0, keptLength(own))
    const read = reader.read(kept, textBytes(own))
    if (images > 0) return topicKnown(read, 'vision', weights)
    if (usesTools) return topicKnown(read, 'agent', weights)
    if (said.greets) return { ...topicKnown(read, 'chat', weights), difficulty: EASIEST, demand: 0 }
    return said.cue === null ? read : leaning(read, said.cue, weights)
  }
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}
