/** Text -> what it is about: its nearest topics, its difficulty, and the features that the estimators work with. */
import type { TaskClass } from '../../core/capabilities.ts'
import type { TextFeatures } from '../../core/arm.ts'
import type { Turn } from './steps.ts'
import { kernelOf } from './kernel.ts'
import { featuresOf, ownTopic, stepTopic, type ClassifierWeights } from './weights.ts'
import { MOST_IDS, readWords, SURFACE, type Words, words } from './words.ts'

/** Topics that a text is taken to belong to. */
const NEAREST = 3
/** The vector of a text counts this much against its surface. */
const VECTOR_SCALE = 5

/** What is in a text beside its features: overwritten by the next one. */
export type Said = Pick<Words, 'cue' | 'greets' | 'asksMuch'>

export interface FeatureReader {
  /** `text` has one character for each byte; `bytes` is its size where it was cut. */
  readonly read: (text: string, bytes: number) => Draft
  /** Of the text that was read last. */
  readonly said: Said
}

export function featureReader(weights: ClassifierWeights): FeatureReader {
  const { dims, scales, trained } = weights
  const kernel = kernelOf({ ...weights, heads: headsOf(weights), features: featuresOf(dims), most: MOST_IDS })
  const { ids, sums, features, scores } = kernel
  const blank = Array.from({ length: features.length }, () => NaN)
  const readText = (text: string, bytes: number): Draft => {
    const { count, surface, language } = readWords(text, bytes, ids)
    const scale = VECTOR_SCALE / Math.sqrt(kernel.addUp(count) + 1e-9)
    for (let d = 0; d < dims; d++) features[d] = sums[d]! * scale * scales[d]!
    for (let s = 0; s < SURFACE; s++) features[dims + s] = surface[s]!
    kernel.score()
    const { topics, shares } = nearest(scores, trained)
    return {
      topics,
      shares,
      vector: listOf(features, blank),
      class: classOf(topics, shares, weights.topics),
      step: null,
      difficulty: Math.min(1, Math.max(0, scores[trained]!)),
      demand: scores[trained + 1]!,
      language,
    }
  }
  return { read: readText, said: words }
}

/**
 * A plain list is made in half the time of a typed array, and is no burden to the collector. `blank`: one of as many numbers, none
 * of them missing and none whole, whose copies hold numbers as they are: of any other list each one that is read becomes an object.
 */
function listOf(values: Float32Array, blank: readonly number[]): number[] {
  const list = blank.slice()
  for (let i = 0; i < list.length; i++) list[i] = values[i]!
  return list
}

/** Those of the topics, then difficulty and demand. */
function headsOf({ dims, trained, heads, difficulty, demand }: ClassifierWeights): readonly Float32Array[] {
  const row = featuresOf(dims) + 1
  const topics = Array.from({ length: trained }, (_, topic) => heads.subarray(topic * row, (topic + 1) * row))
  return [...topics, difficulty, demand]
}

/** The most likely of the trained topics, and how their likelihood is shared among them. */
function nearest(scores: Float32Array, trained: number): Pick<TextFeatures, 'topics' | 'shares'> {
  const topics = [0, 0, 0]
  const shares = [-Infinity, -Infinity, -Infinity]
  for (let topic = 0; topic < trained; topic++) {
    const score = scores[topic]!
    let place = NEAREST
    while (place > 0 && score > shares[place - 1]!) place--
    if (place === NEAREST) continue
    for (let i = NEAREST - 1; i > place; i--) {
      topics[i] = topics[i - 1]!
      shares[i] = shares[i - 1]!
    }
    topics[place] = topic
    shares[place] = score
  }
  const best = shares[0]!
  let sum = 0
  for (let i = 0; i < NEAREST; i++) sum += shares[i] = Math.exp(shares[i]! - best)
  for (let i = 0; i < NEAREST; i++) shares[i]! /= sum
  return { topics, shares }
}

/** The class with the greatest share. */
function classOf(topics: readonly number[], shares: readonly number[], classes: readonly TaskClass[]): TaskClass {
  let best = classes[topics[0]!]!
  let most = 0
  for (const topic of topics) {
    const one = classes[topic]!
    let share = 0
    for (let i = 0; i < topics.length; i++) if (classes[topics[i]!] === one) share += shares[i]!
    if (share > most) {
      most = share
      best = one
    }
  }
  return best
}

/** Of one request, until it has been worked out: changed in place, since a copy for each would be garbage. */
export type Draft = { -readonly [Field in keyof TextFeatures]: TextFeatures[Field] }

/** The sense of a request whose class is told by its form: all of it is that topic. */
export function topicKnown(draft: Draft, as: TaskClass, weights: ClassifierWeights): TextFeatures {
  draft.class = as
  draft.topics = [ownTopic(weights, as)]
  draft.shares = [1]
  return draft
}

const TOLD = 0.25

/** The sense of a text whose class is told by some words: a part of it is that class, the rest what it is about. */
export const leaning = (draft: Draft, towards: TaskClass, weights: ClassifierWeights): TextFeatures =>
  partly(draft, towards, ownTopic(weights, towards), TOLD)

/** How much of an agent's first turn is its step, and not what its text is about. */
const FIRST_TURN = 0.5
/** A step of middling difficulty (.4) asks as much of a model as an ordinary text does: 1. */
const LEAST_DEMAND = 0.2
const DEMAND = 2

/** The sense of an agent's turn: all of it is that step, where tools have been called. */
export function stepKnown(draft: Draft, turn: Turn, hasCalled: boolean, weights: ClassifierWeights): TextFeatures {
  const own = stepTopic(weights, turn.step)
  draft.step = turn.step
  draft.difficulty = turn.difficulty
  draft.demand = LEAST_DEMAND + DEMAND * turn.difficulty
  if (!hasCalled) return partly(draft, 'agent', own, FIRST_TURN)
  topicKnown(draft, 'agent', weights)
  draft.topics = [own]
  return draft
}

/** Of the nearest topics, of which there are three. */
function partly(draft: Draft, as: TaskClass, topic: number, share: number): TextFeatures {
  const [first, second, third] = draft.topics
  const [most, more, less] = draft.shares
  const rest = 1 - share
  draft.class = as
  draft.topics = [topic, first!, second!, third!]
  draft.shares = [share, most! * rest, more! * rest, less! * rest]
  return draft
}

/** Any model can say hello. */
const EASIEST = 0.02

/** The sense of a greeting. */
export function greeting(draft: Draft, weights: ClassifierWeights): TextFeatures {
  draft.difficulty = EASIEST
  draft.demand = 0
  return topicKnown(draft, 'chat', weights)
}
