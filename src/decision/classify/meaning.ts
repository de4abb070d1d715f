/** What a request is about: by its form where that tells, by words that ask outright, by the text that asks. Pure. */
import type { TextFeatures } from '../../core/arm.ts'
import type { TaskClass } from '../../core/capabilities.ts'
import { keptLength, textBytes } from '../../core/cut-text.ts'
import type { Json } from '../../core/json.ts'
import type { Prompt } from '../../core/prompt.ts'
import type { Conversation } from './conversation.ts'
import { stepOf } from './steps.ts'
import { featureReader, greeting, leaning, stepKnown, topicKnown } from './text-features.ts'
import type { ClassifierWeights } from './weights.ts'

export type MeaningReader = (prompt: Prompt, conversation: Conversation) => TextFeatures

export function meaningReader(weights: ClassifierWeights): MeaningReader {
  const reader = featureReader(weights)
  const { said } = reader
  return (prompt, conversation) => {
    const { question, images, usesTools, last } = conversation
    const own = question ?? firstText(prompt.inputs)
    // What marks a text that was cut is none of its words.
    const kept = own.slice(0, keptLength(own))
    const read = reader.read(kept, textBytes(own))
    if (images > 0) return topicKnown(read, 'vision', weights)
    if (said.greets && last === 'question') return greeting(read, weights)
    const step = stepOf(prompt, conversation, kept, said.cue)
    if (step !== null) return stepKnown(read, step, usesTools, weights)
    if (said.cue !== null) leaning(read, said.cue, weights)
    read.difficulty = difficultyOf(read, kept.length, said.asksMuch)
    return read
  }
}

function firstText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return typeof first === 'string' ? first : ''
}

/** How far requests of a class are easier or harder than exams of what they are about, which is what difficulty was learnt from. */
const APART: Readonly<Partial<Record<TaskClass, number>>> = {
  factual: -0.2,
  classification: -0.16,
  translation: -0.14,
  chat: -0.12,
  commonsense: -0.1,
  summary: -0.08,
  extraction: -0.06,
  reading: -0.06,
  math: 0.06,
  logic: 0.08,
  code: 0.08,
}
/** What a word adds that asks for much, and what is taken from a wish of so few bytes. */
const MUCH = 0.25
const FEW_BYTES = 60
const LITTLE = 0.06

function difficultyOf({ class: as, difficulty }: TextFeatures, bytes: number, much: boolean): number {
  const apart = (APART[as] ?? 0) + (much ? MUCH : 0) - (bytes < FEW_BYTES ? LITTLE : 0)
  return Math.min(1, Math.max(0, difficulty + apart))
}
