/** The shipped code: the classifier reads the request, the estimators learn from answers and feedback, the plan predicts. */
import { loadOf } from '../../src/core/load.ts'
import { valuesOf as wishesOf } from '../../src/core/options/option.ts'
import { WISH_OPTIONS } from '../../src/core/options/options.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { type Classifier, classifier } from '../../src/decision/classify/profile.ts'
import type { ClassifierWeights } from '../../src/decision/classify/weights.ts'
import type { ModelFacts, Price } from '../../src/core/settings.ts'
import type { Deployment, GatewayRequest, RequestProfile } from '../../src/core/types.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { valuesOf } from '../../src/decision/route/expected.ts'
import type { Decision } from '../../src/decision/route/decision.ts'
import { choose } from '../../src/decision/route/plan.ts'
import { valueOf } from '../../src/core/decision-rows.ts'
import { COLUMN } from '../../src/core/terms.ts'
import type { RouteTable } from '../../src/decision/route/table.ts'
import { lessonsOf } from '../../train/lessons.ts'
import { TRAINING_SEED, trainWeights } from '../../train/weights.ts'
import { deploymentFor, MOMENT, requestFor, tableFor } from '../stand-ins.ts'
import { type Pool, workOf } from './pool.ts'
import { priorOf } from './priors.ts'
import { CHARACTERS_PER_TOKEN, type ModelCard, type Sample } from './sample.ts'
import type { Lesson, Prediction, Shipped } from './scorer.ts'

/** The weights that are shipped: for data that nobody has trained on. */
export const withShippedWeights = (weights: ClassifierWeights): Shipped => policy(() => weights)

/**
 * Weights trained anew by the shipped recipe on what the lesson may know, so that no text, label or score of a test prompt
 * has been seen: for the data that the shipped ones were trained on.
 */
export function withTrainedWeights(): Shipped {
  let last: { readonly lesson: Lesson; readonly weights: ClassifierWeights } | null = null
  return policy((lesson) => {
    // The pool of open models learns from the same halves.
    if (last?.lesson.train !== lesson.train || last.lesson.elsewhere !== lesson.elsewhere)
      last = { lesson, weights: trainWeights(lessonsOf([...lesson.train, ...lesson.elsewhere]), TRAINING_SEED) }
    return last.weights
  })
}

function policy(weightsFor: (lesson: Lesson) => ClassifierWeights): Shipped {
  let reading: { readonly weights: ClassifierWeights; readonly read: Reader } | null = null
  return {
    classOf: (prompt) => reading!.read(prompt).class,
    begin(lesson) {
      const weights = weightsFor(lesson)
      if (reading?.weights !== weights) reading = { weights, read: remembered(classifier(weights)) }
      const { read } = reading
      const lessons = new ModelStats(weights)
      const table = tableOf(lesson, lessons)
      let judged = 0
      const decided = (prompt: string, random: () => number): Decision => {
        const request = requestOf(prompt)
        return choose(request, read(prompt), table, { ...MOMENT, random })
      }
      return {
        predict: (prompt) => predictionOf(lesson.pool, decided(prompt, MOMENT.random)),
        ask(prompt, random) {
          const { question, pick } = decided(prompt, random)
          return question.set.targets[pick.order[0]!]!.deployment.model
        },
        judge(sample, models) {
          const asked = table.catalog.all.filter(({ model }) => models.includes(model))
          teach(sample, `judged-${judged++}`, read(sample.prompt), asked, lessons)
        },
      }
    },
  }
}

type Reader = (prompt: string) => RequestProfile

/** A prompt is read once, however often it is asked. */
function remembered(classify: Classifier): Reader {
  const known = new Map<string, RequestProfile>()
  return (prompt) => {
    let profile = known.get(prompt)
    if (profile === undefined) known.set(prompt, (profile = classify(requestOf(prompt))))
    return profile
  }
}

const tableOf = ({ pool, train }: Lesson, lessons: ModelStats): RouteTable =>
  tableFor(pool.models.map((model) => deploymentFor('pool', model, factsOf(model, pool.cards[model]!, train), lessons)))

/** What an operator would know: list prices, parameters, the catalogue. */
function factsOf(model: string, card: ModelCard, train: readonly Sample[]): ModelFacts {
  return {
    aliases: [],
    capabilities: {},
    context: null,
    maxOutput: null,
    price: priceOf(model, card, train),
    quality: priorOf(model, card.paramsB),
    efforts: [],
    paramsB: card.paramsB,
    wishes: wishesOf(WISH_OPTIONS),
  }
}

/** The list price; without one, what the answers so far cost for each token. */
function priceOf(model: string, card: ModelCard, train: readonly Sample[]): Price | null {
  const { inputPerMtokUsd, outputPerMtokUsd } = card
  const price = NO_PRICE
  if (inputPerMtokUsd !== null && outputPerMtokUsd !== null)
    return { ...price, inputPerMtok: inputPerMtokUsd, outputPerMtok: outputPerMtokUsd }
  let usd = 0
  let tokens = 0
  for (const sample of train) {
    const { costUsd = null, outputTokens = null } = sample.arms[model] ?? {}
    if (costUsd === null || outputTokens === null) continue
    usd += costUsd
    tokens += outputTokens
  }
  return tokens === 0 ? null : { ...price, inputPerMtok: 0, outputPerMtok: (usd / tokens) * 1e6 }
}

const requestOf = (prompt: string): GatewayRequest => requestFor(prompt, false)

/** The answer of each of these with its usage, then the feedback on it. */
function teach(
  sample: Sample,
  id: string,
  profile: RequestProfile,
  asked: readonly Deployment[],
  lessons: ModelStats,
): void {
  for (const deployment of asked) {
    const told = sample.arms[deployment.model]
    if (told === undefined) continue
    const { score, outputTokens } = told
    const requestId = `${id}-${deployment.model}`
    lessons.learn({
      requestId,
      caller: 'bench',
      profile,
      target: deployment.targets[0]!,
      load: loadOf(0),
      place: null,
      usage:
        outputTokens === null
          ? null
          : {
              ...NO_TOKENS,
              input: Math.round(sample.prompt.length / CHARACTERS_PER_TOKEN),
              cachedInput: 0,
              output: Math.round(outputTokens),
              reasoning: 0,
            },
      valid: true,
      cut: false,
      ttftMs: null,
      streamMs: null,
      totalMs: null,
      before: 0,
    })
    if (!lessons.judge(requestId, 'bench', score)) throw new Error('the feedback was not taken')
  }
}

function predictionOf(pool: Pool, decision: Decision): Prediction {
  const success = new Float64Array(pool.models.length)
  const cost = new Float64Array(pool.models.length)
  const values = valuesOf(decision)
  decision.question.set.targets.forEach(({ deployment: { model } }, row) => {
    const value = (column: number): number => valueOf({ values }, row, column) ?? NaN
    const place = pool.models.indexOf(model)
    success[place] = value(COLUMN.success)
    if (pool.currency === 'share') cost[place] = model === pool.dearest ? 1 : 0
    else if (pool.currency === 'work') cost[place] = workOf(pool.cards[model]!.paramsB!, value(COLUMN.output))
    else cost[place] = value(Number.isNaN(value(COLUMN.cost)) ? COLUMN.compared : COLUMN.cost) / 1e9
  })
  return { success, cost }
}
