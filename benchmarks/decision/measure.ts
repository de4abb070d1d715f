/** One decision many times: profile and plan of the shipped code, on a field of deployments that have learnt something. */
import { valuesOf } from '../../src/core/options/option.ts'
import { WISH_OPTIONS } from '../../src/core/options/options.ts'
import { loadOf } from '../../src/core/load.ts'
import { type ModelFacts, NO_PRICE } from '../../src/core/settings.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { catalogueOf } from '../../src/decision/catalogue/catalogue.ts'
import { classifier } from '../../src/decision/classify/profile.ts'
import { loadWeights } from '../../src/classifier-file.ts'
import type { ClassifierWeights } from '../../src/decision/classify/weights.ts'
import { DEFAULT_LIMITS } from '../../src/config/defaults.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import type { Deployment, GatewayRequest, RequestProfile, Target } from '../../src/core/types.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import { plan } from '../../src/decision/route/plan.ts'
import type { RouteTable } from '../../src/decision/route/table.ts'
import { deploymentFor, MOMENT, requestFor, tableFor } from '../stand-ins.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import type { Field, Prompt } from './cases.ts'

interface Quantiles {
  readonly p50: number
  readonly p99: number
}

export interface Figures {
  readonly prompt: string
  readonly field: Field
  readonly candidates: number
  readonly profile_us: Quantiles
  readonly plan_us: Quantiles
  readonly whole_us: Quantiles
  /** Allocated for one decision. */
  readonly bytes: number
}

const WARM = 3_000
const TURNS = 4_000
export const weights = await loadWeights()
export const classify = classifier(weights)

/** The quietest of some rounds: other work on the machine only ever adds. */
export async function measure(
  { name, text }: Prompt,
  field: Field,
  candidates: number,
  rounds: number,
): Promise<Figures> {
  const request = requestFor(text, true)
  const profile = classify(request)
  const table = field === 'models' ? fieldOf(candidates, request, weights) : instancesOf(candidates, weights)
  const prefixes = field === 'models' ? MOMENT.prefixes : prefixesOf(table, profile)
  const moment = { ...MOMENT, prefixes }
  const whole = (): void => void plan(request, classify(request), table, DEFAULT_LIMITS, moment)
  if (plan(request, profile, table, DEFAULT_LIMITS, moment).order.length !== candidates)
    throw new Error('the plan does not hold all candidates')
  for (let turn = 0; turn < WARM; turn++) whole()
  const timed = (work: () => void): Quantiles => quietest(Array.from({ length: rounds }, () => quantiles(work)))
  return {
    prompt: name,
    field,
    candidates,
    profile_us: timed(() => readWhole(classify(request))),
    plan_us: timed(() => void plan(request, profile, table, DEFAULT_LIMITS, moment)),
    whole_us: timed(whole),
    bytes: await allocated(whole),
  }
}

/** A profile works out its tokens and what the text is about when they are read. */
function readWhole(profile: RequestProfile): void {
  if (profile.inputTokens <= 0 || profile.features === null) throw new Error('the profile has no tokens or no features')
}

function quantiles(work: () => void): Quantiles {
  const times = new Float64Array(TURNS)
  for (let turn = 0; turn < TURNS; turn++) {
    const startedAt = performance.now()
    work()
    times[turn] = (performance.now() - startedAt) * 1000
  }
  times.sort()
  return { p50: times[TURNS >> 1]!, p99: times[Math.floor(TURNS * 0.99)]! }
}

const quietest = (rounds: readonly Quantiles[]): Quantiles => ({
  p50: Math.min(...rounds.map(({ p50 }) => p50)),
  p99: Math.min(...rounds.map(({ p99 }) => p99)),
})

/** Bytes of the heap for one call; needs --expose-gc. */
async function allocated(work: () => void): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('start Node with --expose-gc')
  const rounds: number[] = []
  for (let round = 0; round < 9; round++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
    const before = process.memoryUsage().heapUsed
    for (let turn = 0; turn < 20; turn++) work()
    rounds.push((process.memoryUsage().heapUsed - before) / 20)
  }
  return Math.round(rounds.sort((a, b) => a - b)[rounds.length >> 1]!)
}

/** Milliseconds that the event loop stands still for a body of 400 kB: read, profiled, decided. The longest of some. */
export function readBody(): number {
  const text = 'word and another word, '.repeat(17_500)
  const raw = Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: text }] }))
  const table = fieldOf(8, requestFor('Where?', true), weights)
  let longest = 0
  for (let turn = 0; turn < 60; turn++) {
    const startedAt = performance.now()
    const request = { ...requestFor('', true), raw, ...parseBody(raw, CHAT) }
    plan(request, classify(request), table, DEFAULT_LIMITS, MOMENT)
    if (turn >= 10) longest = Math.max(longest, performance.now() - startedAt)
  }
  return longest
}

/** Models of many prices and guesses; every second one has had feedback, so that its regression is asked too. */
export function fieldOf(size: number, request: GatewayRequest, known: ClassifierWeights): RouteTable {
  const lessons = new ModelStats(known)
  const all = Array.from({ length: size }, (_, index) => deploymentOf(index, lessons))
  for (const [index, { targets }] of all.entries()) if (index % 2 === 0) teach(targets[0]!, request, lessons, index)
  return tableFor(all)
}

/** Of one model; they have answered, so that they share what is known of their times, and are busy by turns. */
function instancesOf(size: number, known: ClassifierWeights): RouteTable {
  const lessons = new ModelStats(known)
  const facts = { ...factsOf(0), price: null }
  const all = Array.from({ length: size }, (_, index) =>
    deploymentFor(`i${index}`, 'm', facts, lessons, index % 3, true),
  )
  const request = requestFor('Where is the station?', true)
  for (const { targets } of all) teach(targets[0]!, request, lessons, 0)
  return tableFor(all)
}

/** Each instance has kept the prompt as far as another share of it. */
function prefixesOf({ catalog: { all } }: RouteTable, { prefix, inputTokens }: RequestProfile): PrefixMap {
  const prefixes = new PrefixMap()
  for (const [index, { cache }] of all.entries()) {
    const blocks = Math.ceil((prefix.hashes.length * (index + 1)) / all.length)
    const [hashes, checks, ends] = [prefix.hashes, prefix.checks, prefix.ends].map((list) => list.slice(0, blocks))
    const size = ends!.at(-1) ?? 0
    if (size === 0) continue
    prefixes.take(cache, { hashes: hashes!, checks: checks!, ends: ends!, size }, inputTokens, MOMENT.now)
  }
  return prefixes
}

function teach(target: Target, request: GatewayRequest, lessons: ModelStats, index: number): void {
  const profile = classify(request)
  for (let turn = 0; turn < 10; turn++) {
    const requestId = `${index}-${turn}`
    const usage = { ...NO_TOKENS, input: 20, cachedInput: 0, output: 50 + 7 * turn, reasoning: 0 }
    const times = { ttftMs: 300 + turn, streamMs: 900, totalMs: null, before: 0 }
    lessons.learn({
      requestId,
      caller: 'bench',
      profile,
      target,
      load: loadOf(0),
      place: null,
      usage,
      valid: true,
      cut: false,
      ...times,
    })
    lessons.judge(requestId, 'bench', ((turn * 7 + index) % 10) / 10)
  }
}

const UNPRICED = { kind: 'bench', priceList: null, serviceTiers: {} }

const deploymentOf = (index: number, lessons: ModelStats): Deployment =>
  deploymentFor(`b${index}`, `model-${index}`, factsOf(index), lessons, index % 3)

function factsOf(index: number): ModelFacts {
  const usd = 0.1 * 1.05 ** ((index * 37) % 128)
  return {
    aliases: [],
    capabilities: { tools: true },
    context: 1_000_000,
    maxOutput: null,
    price: { ...NO_PRICE, inputPerMtok: usd, outputPerMtok: 4 * usd },
    quality: catalogueOf(UNPRICED, `model-${index}`)?.belief?.quality ?? { default: 0.5 + ((index * 53) % 128) / 300 },
    efforts: [],
    paramsB: null,
    wishes: valuesOf(WISH_OPTIONS),
  }
}
