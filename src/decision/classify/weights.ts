/** The shipped weights of the classifier: what `npm run train` writes to config/classifier.bin. */
import { AGENT_STEPS, type AgentStep, TASK_CLASSES, type TaskClass } from '../../core/capabilities.ts'
import { BUCKETS, SURFACE } from './words.ts'

export interface ClassifierWeights {
  /** Length of the vector of a word. */
  readonly dims: number
  /** The task class of each topic; topics are finer, and what was learnt of models is kept by them. */
  readonly topics: readonly TaskClass[]
  /** One vector for each bucket, in whole numbers. */
  readonly vectors: Int8Array
  /** What a whole number of a dimension stands for. */
  readonly scales: Float64Array
  /** How much a bucket tells, for the length of a text's vector. */
  readonly norms: Float64Array
  /** For each topic a weight of each feature, then a constant; only of the first `trained` topics. */
  readonly heads: Float32Array
  readonly trained: number
  /** Weights of the features, then a constant: how likely an ordinary model is to fail. */
  readonly difficulty: Float32Array
  /** The same: how much more a model of greater ability succeeds. */
  readonly demand: Float32Array
  /** Mean of the logarithm of 1 + output tokens over the models that were seen, by topic. */
  readonly lengths: Float64Array
}

/** Features of a text: its vector, its surface. */
export const featuresOf = (dims: number): number => dims + SURFACE

/** The topic that is all of one class: behind the trained ones there is one for each. */
export const ownTopic = ({ trained }: ClassifierWeights, task: TaskClass): number =>
  trained + TASK_CLASSES.indexOf(task)

/** The topic of a step of agents: behind those of the classes. */
export const stepTopic = ({ trained }: ClassifierWeights, step: AgentStep): number =>
  trained + TASK_CLASSES.length + AGENT_STEPS.indexOf(step)

/** The topics behind the trained ones. */
export const FORMED: readonly TaskClass[] = [...TASK_CLASSES, ...AGENT_STEPS.map(() => 'agent' as const)]

const FORMAT = 'turnout-classifier-2'

interface Header {
  readonly format: string
  readonly dims: number
  readonly buckets: number
  readonly surface: number
  readonly trained: number
  readonly topics: readonly TaskClass[]
}

/** One line of JSON, then the arrays one after the other: vectors in bytes, all others in 32-bit floats, little-endian. Throws what is wrong with the file. */
export function decodeWeights(bytes: Buffer): ClassifierWeights {
  const end = bytes.indexOf(10)
  const header = headerOf(bytes.toString('utf8', 0, Math.max(0, end)))
  if (header?.format !== FORMAT || header.buckets !== BUCKETS || header.surface !== SURFACE)
    throw new Error('config/classifier.bin was made for another version; run `npm run train`')
  const { dims, topics, trained } = header
  const row = featuresOf(dims) + 1
  const numbers = dims + BUCKETS + (trained + 2) * row + topics.length
  if (bytes.length !== end + 1 + BUCKETS * dims + 4 * numbers || !isWhole(header))
    throw new Error('config/classifier.bin is damaged; run `npm run train`, or install again')
  let at = end + 1
  const floats = (count: number): Float64Array => {
    const values = Float64Array.from({ length: count }, (_, index) => bytes.readFloatLE(at + 4 * index))
    at += 4 * count
    return values
  }
  const vectors = new Int8Array(bytes.subarray(at, at + BUCKETS * dims))
  at += BUCKETS * dims
  return {
    dims,
    topics,
    trained,
    vectors,
    scales: floats(dims),
    norms: floats(BUCKETS),
    heads: Float32Array.from(floats(trained * row)),
    difficulty: Float32Array.from(floats(row)),
    demand: Float32Array.from(floats(row)),
    lengths: floats(topics.length),
  }
}

const isWhole = ({ topics, trained }: Header): boolean =>
  topics.every((topic) => TASK_CLASSES.includes(topic)) &&
  topics.length === trained + FORMED.length &&
  FORMED.every((topic, at) => topics[trained + at] === topic)

/** Null where it is none. */
function headerOf(text: string): Header | null {
  try {
    return JSON.parse(text) as Header | null
  } catch {
    return null
  }
}

/** The reverse, for `npm run train`. */
export function encodeWeights(weights: ClassifierWeights): Buffer {
  const { dims, topics, trained } = weights
  const header: Header = { format: FORMAT, dims, buckets: BUCKETS, surface: SURFACE, trained, topics }
  const floats = (values: Float32Array | Float64Array): Buffer => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, index) => bytes.writeFloatLE(value, 4 * index))
    return bytes
  }
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    Buffer.from(weights.vectors.buffer),
    ...[weights.scales, weights.norms, weights.heads, weights.difficulty, weights.demand, weights.lengths].map(floats),
  ])
}
