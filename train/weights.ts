/** The whole recipe: lessons -> weights. The same lessons and seed give the same bytes. */
import { AGENT_STEPS } from '../src/core/capabilities.ts'
import { FORMED, featuresOf, type ClassifierWeights } from '../src/decision/classify/weights.ts'
import { featureReader } from '../src/decision/classify/text-features.ts'
import { MOST_IDS, readWords } from '../src/decision/classify/words.ts'
import { trainLinear, trainSoftmax } from './heads.ts'
import type { Lesson } from './lesson.ts'
import { PHRASES } from './phrases.ts'
import { classOfLabel, ORDINARY_TOKENS, STEP_TOKENS } from './topics.ts'
import { trainVectors, type Vectors } from './vectors.ts'

const DIMS = 64
export const TRAINING_SEED = 7
/** How strongly the heads for difficulty and demand are held back. */
const RIDGE = 30
/** What a written prompt counts for: people's requests are more like these than like exams, of which there are ten times as many. */
const WRITTEN = 4
/** A label with fewer texts is no topic of its own. */
const FEWEST = 8

/** As the bodies of requests are read: one character for each byte. */
export const asBytes = (text: string): string => Buffer.from(text).toString('latin1')

export function trainWeights(lessons: readonly Lesson[], seed: number): ClassifierWeights {
  const texts = lessons.map(({ prompt }) => asBytes(prompt))
  const room = new Int32Array(MOST_IDS)
  const ids = texts.map((text) => room.slice(0, readWords(text, text.length, room).count))
  const vectors = trainVectors(ids, DIMS, seed)
  const blank = { ...vectors, topics: ['other'] as const, trained: 0, ...noHeads(DIMS), lengths: new Float64Array(1) }
  const { read } = featureReader(blank)
  const features = texts.map((text) => read(text, text.length).vector)
  return withHeads(lessons, features, vectors, seed)
}

const noHeads = (dims: number): Pick<ClassifierWeights, 'heads' | 'difficulty' | 'demand'> => {
  const zeros = new Float32Array(featuresOf(dims) + 1)
  return { heads: new Float32Array(0), difficulty: zeros, demand: zeros }
}

function withHeads(
  lessons: readonly Lesson[],
  features: readonly (readonly number[])[],
  vectors: Vectors,
  seed: number,
): ClassifierWeights {
  const { names, topicOf } = topicsOf(lessons)
  const labelled = lessons.map(topicOf)
  const known = [...lessons.keys()].filter((index) => labelled[index] !== undefined)
  const heads = trainSoftmax(
    known.map((index) => features[index]!),
    known.map((index) => labelled[index]!),
    known.map((index) => (lessons[index]!.set === PHRASES ? WRITTEN : 1)),
    names.length,
    seed,
  )
  const classes = names.map(({ label, set }) => classOfLabel(label, set === PHRASES))
  const { difficulty, demand } = trainAbility(lessons, features)
  // Each class, and each step of agents, has a topic of its own at the end, for requests whose form tells what they are.
  const topics = [...classes, ...FORMED]
  const usual = [
    ...topics.slice(0, -AGENT_STEPS.length).map((topic) => ORDINARY_TOKENS[topic]),
    ...AGENT_STEPS.map((step) => STEP_TOKENS[step]),
  ]
  const lengths = Float64Array.from(usual, (tokens) => Math.log(1 + tokens))
  meanLengths(lessons, labelled).forEach((log, topic) => (lengths[topic] = log))
  return { ...vectors, topics, trained: classes.length, heads: Float32Array.from(heads), difficulty, demand, lengths }
}

interface Named {
  readonly set: string
  readonly label: string
}

/** Each label of each set that has enough texts; what has too few belongs to its set's labels of the same class. */
function topicsOf(lessons: readonly Lesson[]): {
  readonly names: readonly Named[]
  readonly topicOf: (lesson: Lesson) => number | undefined
} {
  const counts = new Map<string, { readonly name: Named; count: number }>()
  const key = ({ set, label }: Named): string => `${set}/${label}`
  for (const lesson of lessons) {
    const entry = counts.get(key(lesson)) ?? { name: { set: lesson.set, label: lesson.label }, count: 0 }
    entry.count++
    counts.set(key(lesson), entry)
  }
  const names = [...counts.values()].filter(({ count }) => count >= FEWEST).map(({ name }) => name)
  const index = new Map(names.map((name, topic) => [key(name), topic]))
  return { names, topicOf: (lesson) => index.get(key(lesson)) }
}

/** How hard a text is for an ordinary model, and how much more the able ones succeed with it. */
function trainAbility(
  lessons: readonly Lesson[],
  features: readonly (readonly number[])[],
): Pick<ClassifierWeights, 'difficulty' | 'demand'> {
  const abilities = abilitiesOf(lessons)
  const texts: (readonly number[])[] = []
  const failures: number[] = []
  const slopes: number[] = []
  const importance: number[] = []
  lessons.forEach(({ set, scores }, index) => {
    if (scores.size === 0) return
    const all = [...scores].map(([model, score]) => ({ score, ability: abilities.get(`${set}/${model}`)! }))
    const meanScore = mean(all.map(({ score }) => score))
    const meanAbility = mean(all.map(({ ability }) => ability))
    const spread = all.reduce((sum, { ability }) => sum + (ability - meanAbility) ** 2, 0)
    const common = all.reduce((sum, { ability, score }) => sum + (ability - meanAbility) * (score - meanScore), 0)
    texts.push(features[index]!)
    failures.push(1 - meanScore)
    slopes.push(spread === 0 ? 1 : common / spread)
    importance.push(Math.min(1, spread))
  })
  const even = texts.map(() => 1)
  return {
    difficulty: Float32Array.from(trainLinear(texts, failures, even, RIDGE)),
    demand: Float32Array.from(trainLinear(texts, slopes, importance, RIDGE)),
  }
}

/** Mean score of each model over its set. */
function abilitiesOf(lessons: readonly Lesson[]): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const { set, scores } of lessons)
    for (const [model, score] of scores) {
      const entry = sums.get(`${set}/${model}`) ?? { sum: 0, count: 0 }
      entry.sum += score
      entry.count++
      sums.set(`${set}/${model}`, entry)
    }
  return new Map([...sums].map(([name, { sum, count }]) => [name, sum / count]))
}

/** Mean logarithm of 1 + output tokens, of topics whose data tells it. */
function meanLengths(lessons: readonly Lesson[], topics: readonly (number | undefined)[]): Map<number, number> {
  const logs = new Map<number, number[]>()
  lessons.forEach(({ outputTokens }, index) => {
    const topic = topics[index]
    if (topic === undefined || outputTokens.size === 0) return
    const list = logs.get(topic) ?? []
    for (const tokens of outputTokens.values()) list.push(Math.log(1 + tokens))
    logs.set(topic, list)
  })
  return new Map([...logs].map(([topic, list]) => [topic, mean(list)]))
}

const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
