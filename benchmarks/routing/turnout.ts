/** The shipped code: the classifier reads the request, the estimators learn from answers and feedback, the plan predicts. */
import { classifier } from '../../src/classify/profile.ts'
import type { Weights } from '../../src/classify/weights.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { BackendSpec, JsonObject, ModelFacts, Price } from '../../src/core/settings.ts'
import type { Catalog, Deployment, GatewayRequest, RequestProfile, Target } from '../../src/core/types.ts'
import { Lessons } from '../../src/learn/lessons.ts'
import { newLatency } from '../../src/learn/latency.ts'
import { decide, type Moment } from '../../src/route/plan.ts'
import { COLUMN, COLUMNS } from '../../src/route/predict.ts'
import { compileRoutes, type RouteTable } from '../../src/route/table.ts'
import { members } from '../../src/protocol/members.ts'
import type { Priors } from './priors.ts'
import { CHARS_PER_TOKEN, type ModelCard, type Sample } from './sample.ts'
import type { Expectation, Scorer, Task } from './scorer.ts'

const NOW = 1_000
const NO_CHANCE: Moment = { now: NOW, utcHour: 12, recall: () => null, random: () => 1 }

export interface Trained {
  readonly scorer: Scorer
  /** Microseconds from the parsed body to the plan, one for each prompt. */
  readonly decisionUs: readonly number[]
}

/** Teaches a fresh gateway `task.train`, prompt by prompt, and lets it decide. */
export function turnout(task: Task, weights: Weights, priors: Priors): Trained {
  const lessons = new Lessons(weights)
  const table = tableOf(task, lessons, priors)
  const classify = classifier(weights)
  for (const [index, sample] of task.train.entries())
    teach(sample, `train-${index}`, classify(requestOf(sample)), table, lessons)
  const decisionUs: number[] = []
  const scorer: Scorer = (test) =>
    test.map((sample) => {
      const request = requestOf(sample)
      const startedAt = performance.now()
      const decision = decide(request, classify(request), table, NO_CHANCE)
      decisionUs.push((performance.now() - startedAt) * 1000)
      return expectationOf(task, decision)
    })
  return { scorer, decisionUs }
}

function tableOf({ models, cards, train }: Task, lessons: Lessons, priors: Priors): RouteTable {
  const all = models.map((model) => deploymentOf(model, factsOf(model, cards.get(model)!, train, priors), lessons))
  const catalog: Catalog = {
    all,
    byId: new Map(all.map((one) => [one.id, one])),
    byModel: new Map(all.map((one) => [one.model, [one]])),
    backends: [],
  }
  return compileRoutes([], [], catalog)
}

/** What an operator would know: list prices, parameters, the catalogue. */
function factsOf(model: string, card: ModelCard, train: readonly Sample[], priors: Priors): ModelFacts {
  return {
    aliases: [],
    capabilities: {},
    context: null,
    price: priceOf(model, card, train),
    quality: priors(model, card.paramsB),
    efforts: [],
    paramsB: card.paramsB,
  }
}

/** The list price; without one, what the answers so far cost for each token. */
function priceOf(model: string, card: ModelCard, train: readonly Sample[]): Price | null {
  const { inputPerMtokUsd, outputPerMtokUsd } = card
  const price = { cachedInputPerMtok: null, perGpuHour: null }
  if (inputPerMtokUsd !== null && outputPerMtokUsd !== null)
    return { ...price, inputPerMtok: inputPerMtokUsd, outputPerMtok: outputPerMtokUsd }
  let usd = 0
  let tokens = 0
  for (const sample of train) {
    const { costUsd, outputTokens } = sample.arms.get(model)!
    if (costUsd === null || outputTokens === null) continue
    usd += costUsd
    tokens += outputTokens
  }
  return tokens === 0 ? null : { ...price, inputPerMtok: 0, outputPerMtok: (usd / tokens) * 1e6 }
}

const BACKEND = { name: 'pool', provider: { local: false, remoteModels: null, endpoints: { chat: '/' }, response: {} } }

function deploymentOf(model: string, facts: ModelFacts, lessons: Lessons): Deployment {
  const deployment = {
    id: `pool/${model}`,
    backend: BACKEND as unknown as BackendSpec,
    model,
    facts,
    live: { state: 'ready' as const, reason: null, inflight: 0, coolUntil: 0, refusesUsage: false },
    standing: { ttftMs: null, calls: 0, restUntil: 0, refuses: new Map(), answers: new Set<string>() },
    targets: [] as Target[],
    calibration: lessons.calibrationOf(model),
    latency: newLatency(false),
  }
  const [arm] = lessons.armsOf(model, facts)
  deployment.targets.push({ deployment, effort: null, arm: arm! })
  return deployment
}

/** As the gateway reads a body: one character for each byte. */
function requestOf({ prompt }: Sample): GatewayRequest {
  const raw = Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: prompt }] }))
  return {
    id: 'bench',
    endpoint: CHAT,
    principal: { id: 'bench', routes: null, rpm: null },
    model: 'auto',
    stream: false,
    wantsUsage: false,
    body: JSON.parse(raw.toString('latin1')) as JsonObject,
    raw,
    members: members(raw)!,
    headers: {},
    noFallback: false,
    session: null,
    agent: null,
    strategy: null,
    deadlineMs: null,
    maxCostUsd: null,
    explain: false,
    startedAt: NOW,
  }
}

/** Every model's answer with its usage, then the feedback on it. */
function teach(sample: Sample, id: string, profile: RequestProfile, { catalog }: RouteTable, lessons: Lessons): void {
  for (const deployment of catalog.all) {
    const { score, outputTokens } = sample.arms.get(deployment.model)!
    const requestId = `${id}-${deployment.model}`
    lessons.learn({
      requestId,
      caller: 'bench',
      profile,
      target: deployment.targets[0]!,
      open: 0,
      usage:
        outputTokens === null
          ? null
          : {
              input: Math.round(sample.prompt.length / CHARS_PER_TOKEN),
              cachedInput: 0,
              output: Math.round(outputTokens),
              reasoning: 0,
            },
      valid: true,
      cut: false,
      ttftMs: null,
      streamMs: null,
      totalMs: null,
      before: null,
    })
    if (!lessons.judge(requestId, 'bench', score)) throw new Error('the feedback was not taken')
  }
}

function expectationOf({ models, cards }: Task, { candidates, rows }: ReturnType<typeof decide>): Expectation {
  const read = (column: number): Float64Array => {
    const values = new Float64Array(models.length)
    candidates.forEach(
      ({ deployment }, row) => (values[models.indexOf(deployment.model)] = rows[row * COLUMNS + column]!),
    )
    return values
  }
  const output = read(COLUMN.output)
  return {
    success: read(COLUMN.success),
    usd: read(COLUMN.cost).map((nano) => nano / 1e9),
    work: output.map((tokens, index) => tokens * (cards.get(models[index]!)?.paramsB ?? NaN)),
  }
}
