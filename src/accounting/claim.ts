/**
 * The most that a request may come to, before it is sent: over every target that may be called, with as many answers as are asked for, each as
 * long as its model may make it, at the dearest of the rates that may apply. Unknown prices count nothing. Pure.
 */
import { type Media, partsOf, rateName, type RateName } from '../core/tokens.ts'
import { NANO_USD } from '../core/money.ts'
import { dearestRate, isTimed } from '../core/rates.ts'
import type { Price } from '../core/settings.ts'
import type { Bid, Lowered, SpendEstimate } from '../core/settlement.ts'
import type { GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import { calibrated } from '../decision/learn/calibration.ts'
import { ORDINARY_TIERS } from './cost.ts'

/** Longest answer of a model of which neither `max_output` nor the context is known: no model of today makes longer ones. */
export const LONGEST_ANSWER = 131_072
/** A shorter answer is not worth its prompt. */
export const SHORTEST_ANSWER = 16
/** An answer whose caller has left may be read to its end for so long, in seconds. */
const DRAIN_SECONDS = 60

/** What all targets have in common. */
interface Scope {
  readonly request: GatewayRequest
  readonly plan: RoutePlan
  readonly input: number
  /** Texts that are read, each with a context of its own. */
  readonly prompts: number
  /** Answers that are made, of all prompts together. */
  readonly answers: number
  /** Beside the limit of an answer: text that was foreseen, and did not come, is charged too. */
  readonly foreseen: number
  readonly inputKinds: readonly RateName[]
  readonly outputKinds: readonly RateName[]
  readonly tier: string | null
  /** How long all calls together may take. */
  readonly seconds: number
}

export function bidOf(request: GatewayRequest, plan: RoutePlan): Bid {
  const scope = scopeOf(request, plan)
  const targets = reachable(request, plan, scope)
  const { nanoUsd, tokens } = claimBeyond(scope, targets, null)
  return { nanoUsd, tokens, lower: (room) => lowered(scope, targets, room) }
}

/** The longest answers that fit into `room`; null where not even short ones do, or there are none to cut. */
function lowered(scope: Scope, targets: readonly Target[], room: SpendEstimate): Lowered | null {
  const fits = (most: number): boolean => {
    const { nanoUsd, tokens } = claimBeyond(scope, targets, most)
    return nanoUsd <= room.nanoUsd && tokens <= room.tokens
  }
  if (scope.answers === 0 || !fits(SHORTEST_ANSWER)) return null
  let [low, high] = [SHORTEST_ANSWER, 2 * LONGEST_ANSWER]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return { ...claimBeyond(scope, targets, low), maxTokens: low }
}

/** With what backends were seen to take beyond prices and limits. */
function claimBeyond(scope: Scope, targets: readonly Target[], most: number | null): SpendEstimate {
  const { nanoUsd, tokens } = claimAt(scope, targets, most)
  let [beyondUsd, beyondTokens] = [0, 0]
  for (const { deployment } of targets) {
    beyondUsd = Math.max(beyondUsd, deployment.health.beyond.nanoUsd)
    beyondTokens = Math.max(beyondTokens, deployment.health.beyond.tokens)
  }
  return { nanoUsd: nanoUsd + beyondUsd, tokens: tokens + beyondTokens }
}

/** By prices and limits alone, without what backends were seen to take beyond them. */
export function foreseenOf(request: GatewayRequest, plan: RoutePlan): SpendEstimate {
  const scope = scopeOf(request, plan)
  return claimAt(scope, reachable(request, plan, scope), plan.maxTokens)
}

function scopeOf(request: GatewayRequest, plan: RoutePlan): Scope {
  const { inputTokens, hasImages, hasSounds, keepsHour, prompts, choices, foreseen, speaks, serviceTier } =
    request.prompt.worstCase()
  return {
    request,
    plan,
    input: inputTokens,
    prompts,
    // What does not stream generates no text.
    answers: request.endpoint.streams ? prompts * choices : 0,
    foreseen,
    inputKinds: ratesOfInput({ audio: hasSounds, image: hasImages, hour: keepsHour }),
    outputKinds: ratesOfOutput({ audio: speaks, image: false, hour: false }),
    tier: serviceTier,
    seconds: plan.limits.totalMs / 1000 + DRAIN_SECONDS,
  }
}

/** Rates that may apply to a part, by the media that there are. */
function ratesOf(whole: 'input' | 'output'): (media: Media) => readonly RateName[] {
  const either = [false, true]
  const made = either.flatMap((hour) =>
    either.flatMap((image) => either.map((audio) => partsOf(whole, { audio, image, hour }).map(rateName))),
  )
  return ({ audio, image, hour }) => made[(hour ? 4 : 0) + (image ? 2 : 0) + (audio ? 1 : 0)]!
}
const ratesOfInput = ratesOf('input')
const ratesOfOutput = ratesOf('output')

/** Those that may be called: as many as there are attempts, and those behind them where a prompt that is too long skips some. */
function reachable(
  { noFallback, prompt }: GatewayRequest,
  { order, limits }: RoutePlan,
  { input }: Scope,
): readonly Target[] {
  if (noFallback) return order.slice(0, 1)
  const first = order.slice(0, limits.attempts)
  const size = input + (prompt.outputLimit([], null) ?? 0)
  return first.every(({ deployment }) => size <= (deployment.facts.context ?? 0)) ? first : order
}

/**
 * `most`: tokens that each answer is cut at; null = as it is. One call answers, and those before it have failed: of them the prompt is
 * charged, and the whole answer where the backend goes on without us.
 */
function claimAt(scope: Scope, targets: readonly Target[], most: number | null): SpendEstimate {
  const { attempts } = scope.plan.limits
  const lostUsd: number[] = []
  const lostTokens: number[] = []
  let [answerUsd, answerTokens, timed] = [0, 0, 0]
  for (const target of targets) {
    const input = inputOf(scope, target)
    const output = outputOf(scope, target, most)
    const lost = target.deployment.backend.onAbort === 'estimate' ? output : 0
    const usd = usdOf(scope, target, input, lost)
    const tokens = tokensOf(scope, target, input, lost)
    lostUsd.push(usd)
    lostTokens.push(tokens)
    answerUsd = Math.max(answerUsd, usdOf(scope, target, input, output) - usd)
    answerTokens = Math.max(answerTokens, tokensOf(scope, target, input, output) - tokens)
    timed = Math.max(timed, timeOf(scope, target))
  }
  return {
    nanoUsd: answerUsd + largest(lostUsd, attempts) + timed,
    tokens: answerTokens + largest(lostTokens, attempts),
  }
}

/** The sum of the `count` largest. It may put `values` into another order. */
function largest(values: number[], count: number): number {
  if (values.length > count) values.sort((a, b) => b - a)
  let sum = 0
  for (let index = 0; index < values.length && index < count; index++) sum += values[index]!
  return sum
}

function inputOf({ input, prompts, plan }: Scope, { deployment }: Target): number {
  const { context } = deployment.facts
  // An engine that reports no usage is charged by the estimate.
  const most = Math.max(input, Math.ceil(calibrated(plan.profile.inputTokens, deployment.calibration)))
  return context === null ? most : Math.min(most, prompts * context)
}

/** Of all answers together. */
function outputOf({ request, answers, foreseen }: Scope, { deployment }: Target, most: number | null): number {
  const { context, maxOutput } = deployment.facts
  const { drop } = deployment.backend.provider.request
  const longest = Math.min(context ?? Infinity, maxOutput ?? Infinity)
  const limit = request.prompt.outputLimit(drop, most) ?? Infinity
  return answers * (Math.min(limit, longest === Infinity ? LONGEST_ANSWER : longest) + foreseen)
}

/** What a prompt and its answer share; where there are several of one of them, nothing. */
const sharedContext = ({ answers, prompts }: Scope, { deployment }: Target): number =>
  answers <= 1 && prompts === 1 ? (deployment.facts.context ?? Infinity) : Infinity

/** Tokens of a call with so many of input and output, at the most. */
const tokensOf = (scope: Scope, target: Target, input: number, output: number): number =>
  Math.min(input + output, sharedContext(scope, target))

/** Nano-dollars of the same call; 0 where the price is unknown. */
function usdOf(scope: Scope, target: Target, input: number, output: number): number {
  const { price } = target.deployment.facts
  if (price === null) return 0
  const fee = NANO_USD * (price.perRequest ?? 0)
  const read = dearestRate(price, input, 'inputPerMtok', scope.inputKinds)
  if (read === null) return fee === 0 ? 0 : fee * factorOf(price, scope.tier)
  const written = dearestRate(price, input, 'outputPerMtok', scope.outputKinds) ?? 0
  const dearest = Math.max(read, written)
  // A context that is not known is endless, and endless times nothing is no number: it would take all other targets' money with it.
  const whole = dearest === 0 ? 0 : sharedContext(scope, target) * dearest
  return (1000 * Math.min(input * read + output * written, whole) + fee) * factorOf(price, scope.tier)
}

/** Of an engine with a price of its time: all calls together take no longer than the request may. */
function timeOf({ seconds }: Scope, { deployment }: Target): number {
  const { price } = deployment.facts
  return price === null || !isTimed(price) ? 0 : NANO_USD * (price.perGpuHour! / 3600) * seconds
}

/** A tier that is asked for by name may not be to be had, and the answer is charged as usual. Under a name that the price does not have, any may be meant. */
function factorOf({ serviceTiers }: Price, tier: string | null): number {
  if (tier !== null && Object.hasOwn(serviceTiers, tier)) return Math.max(1, serviceTiers[tier]!)
  if (tier !== null && tier !== 'auto' && ORDINARY_TIERS.has(tier)) return 1
  let most = 1
  for (const name in serviceTiers) most = Math.max(most, serviceTiers[name]!)
  return most
}
