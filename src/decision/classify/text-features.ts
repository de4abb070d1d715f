/** Text -> what it is about: its nearest topics, its difficulty, and the features that the estimators work with. */
import type { TaskClass } from '../../core/capabilities.ts'
import type { TextFeatures } from '../../core/arm.ts'
import { addUp } from './packed.ts'
import { featuresOf, type ClassifierWeights } from './weights.ts'
import { readWords, SURFACE } from './words.ts'

/** Topics that a text is taken to belong to. */
const NEAREST = 3
/** The vector of a text counts this much against its surface. */
const VECTOR_SCALE = 5

/** More dimensions than any weights have; a multiple of four. */
const sums = new Int32Array(512)

/** `text` has one character for each byte; `bytes` is its size where it was cut. */
export function textFeatures(text: string, bytes: number, weights: ClassifierWeights): TextFeatures {
  const words = readWords(text, bytes)
  const { dims, vectors, scales, norms } = weights
  const { ids, count, surface } = words
  const features = new Float64Array(featuresOf(dims))
  let norm = 0
  for (let i = 0; i < count; i++) norm += norms[ids[i]!]!
  addUp(ids, count, vectors, sums, dims)
  const scale = VECTOR_SCALE / Math.sqrt(norm + 1e-9)
  for (let d = 0; d < dims; d++) features[d] = sums[d]! * scale * scales[d]!
  for (let s = 0; s < SURFACE; s++) features[dims + s] = surface[s]!
  const { topics, shares } = nearest(features, weights)
  return {
    topics,
    shares,
    vector: features,
    class: classOf(topics, shares, weights.topics),
    difficulty: Math.min(1, Math.max(0, linear(features, weights.difficulty))),
    demand: linear(features, weights.demand),
    language: words.language,
  }
}

/** The most likely topics, and how their likelihood is shared among them. */
function nearest(
  features: Float64Array,
  { heads, trained }: ClassifierWeights,
): Pick<TextFeatures, 'topics' | 'shares'> {
  const length = features.length + 1
  const topics = new Int32Array(NEAREST)
  const shares = new Float64Array(NEAREST).fill(-Infinity)
  for (let topic = 0; topic < trained; topic++) {
    const score = linear(features, heads, topic * length)
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
function classOf(topics: Int32Array, shares: Float64Array, classes: readonly TaskClass[]): TaskClass {
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

/** The sense of a request whose class is told by its form: all of it is that topic. */
export function topicKnown(features: TextFeatures, as: TaskClass, { topics }: ClassifierWeights): TextFeatures {
  const topic = topics.lastIndexOf(as)
  return { ...features, class: as, topics: Int32Array.of(topic), shares: Float64Array.of(1) }
}

const TOLD = 0.25

/** The sense of a text whose class is told by some words: a part of it is that class, the rest what it is about. */
export function leaning(features: TextFeatures, towards: TaskClass, { topics }: ClassifierWeights): TextFeatures {
  const own = topics.lastIndexOf(towards)
  return {
    ...features,
    class: towards,
    topics: Int32Array.of(own, ...features.topics),
    shares: Float64Array.of(TOLD, ...features.shares.map((share) => share * (1 - TOLD))),
  }
}

/** A constant plus the weighted features, with the weights from `start` on. Four sums side by side: one would wait for itself. */
function linear(features: Float64Array, weights: Float32Array, start = 0): number {
  const { length } = features
  let first = weights[start + length]!
  let second = 0
  let third = 0
  let fourth = 0
  let f = 0
  let at = start
  for (; f + 3 < length; f += 4, at += 4) {
    first += weights[at]! * features[f]!
    second += weights[at + 1]! * features[f + 1]!
    third += weights[at + 2]! * features[f + 2]!
    fourth += weights[at + 3]! * features[f + 3]!
  }
  for (; f < length; f++, at++) first += weights[at]! * features[f]!
  return first + second + (third + fourth)
}
