/** Everything that was learnt from answers: one book for the whole gateway. What is known only of a deployment hangs on it. */
import type { Arm, Calibration, Common, LoadTime, TopicStats, Latency } from '../../core/arm.ts'
import { FROM_ALL, type Hint, HINT_NAMES, type LearntFrom } from '../../core/hints.ts'
import { loadOf, type LoadView } from '../../core/load.ts'
import type { Provider } from '../../core/provider.ts'
import type { ModelFacts } from '../../core/settings.ts'
import type { Effort } from '../../core/capabilities.ts'
import type { Deployment, RequestProfile, Target } from '../../core/types.ts'
import type { Usage } from '../../core/settlement.ts'
import { expectsAs, newArm, newCommon, sharedName, rebase, type Topics } from './arms.ts'
import { gather, newCells } from './topic-stats.ts'
import { learnTokens, newCalibration } from './calibration.ts'
import { learnKept, learnTpot, learnTtft, newLatency, readingOf, tpotOf, ttftOf } from './latency.ts'
import { type Begin, learnRoom, learnStay, roomLimitOf } from './room.ts'
import { learnLoad, loadMsOf, newLoadTime } from './load-time.ts'
import { learnLength } from './length.ts'
import { learnShare } from './prompt-caches.ts'
import { PrefixMap } from './prefix-map.ts'
import { RecentAnswers } from './recent-answers.ts'
import { type Followed, FollowUps, type Turn } from './follow-ups.ts'
import { type HintBook, strengthOf } from './hint-strength.ts'
import { Opinions } from './opinions.ts'
import { learnValidity } from './success.ts'
import { Tails } from './tails.ts'

/** An answer that ended, as far as it teaches something. */
export interface Observation {
  readonly requestId: string
  /** Who may judge it. */
  readonly caller: string
  readonly profile: RequestProfile
  readonly target: Target
  /** What its backend was doing when it was sent. */
  readonly load: LoadView
  /** What else its backend was at while it waited for its first token, and when it came, and what that took by itself, ms; null: it was no stream. */
  readonly place: (Pick<Begin, 'beside' | 'running'> & { readonly ownMs: number }) | null
  readonly usage: Usage | null
  /** Whether it was whole and valid; null where that is nobody's merit or fault: a caller that left, a lost connection. */
  readonly valid: boolean | null
  /** It stopped at a limit of tokens. */
  readonly cut: boolean
  /** Of a stream. */
  readonly ttftMs: number | null
  /** From the first token of a stream to its end. */
  readonly streamMs: number | null
  /** Of a whole answer. */
  readonly totalMs: number | null
  /** It was sent while its model was not known to be loaded: what its engine says that the load took, null where it does not say. Absent: it was loaded. */
  readonly cold?: { readonly toldMs: number | null } | null
  /** Tokens of the prompt that the deployment was taken to have kept. */
  readonly before: number
}

/** Seconds of reading that may as well have been none: short prompts are read side by side. */
const HARDLY = 0.05
/** Streams, until it is known how quickly an engine reads prompts. */
const PACE_KNOWN = 30
/** Of one model at one effort; the oldest are forgotten. */
const MOST_VERSIONS = 8
/** Answers that can still be judged. */
const MOST_RECENT = 10_000

export class ModelStats {
  readonly topics: Topics
  readonly common: Common
  /** By id; several where the operator or the backends expect different things of one model. The last is the newest. */
  readonly #arms = new Map<string, Arm[]>()
  /** Of an earlier run, until somebody asks for them: what was expected then may be another thing than now. */
  readonly #restored = new Map<string, Arm>()
  readonly #calibrations = new Map<string, Calibration>()
  /** By kind of engine and model. */
  readonly #latencies = new Map<string, Latency>()
  /** By id of the deployment: disks differ as much as models do. */
  readonly #loads = new Map<string, LoadTime>()
  readonly #recent = new RecentAnswers(MOST_RECENT)
  readonly #opinions = new Opinions(this.#recent)
  readonly #followUps = new FollowUps()
  /** What of all that says how good answers are is learnt from: as the operator wishes by now. */
  from: LearntFrom = FROM_ALL
  /** How long answers are at the most, where routes limit them by it. */
  readonly tails = new Tails()
  /** What backends have kept of prompts. */
  readonly prefixes = new PrefixMap()
  /** Something was learnt since the last look. */
  changed = false

  constructor(topics: Topics) {
    this.topics = topics
    this.common = newCommon(topics)
  }

  /**
   * The arms of a model: as it does when nobody says, then one for each effort. Backends of which the same is expected share
   * them; where other things are, or facts change, what was learnt is taken along.
   */
  armsOf(model: string, facts: ModelFacts): readonly Arm[] {
    const arms = [null, ...facts.efforts].map((effort) => this.#armOf(model, effort, facts))
    if (arms.length > 1) {
      const family = arms.find((arm) => arm.family !== null)?.family ?? this.#familyOf(arms)
      for (const arm of arms) arm.family = family
    }
    return arms
  }

  calibrationOf(model: string): Calibration {
    const name = sharedName(model)
    let found = this.#calibrations.get(name)
    if (found === undefined) this.#calibrations.set(name, (found = newCalibration()))
    return found
  }

  /** Times of a new replica of the model: what the others have taught, until it has answered itself. */
  latencyOf({ kind, local }: Pick<Provider, 'kind' | 'local'>, model: string): Latency {
    const name = `${kind}/${sharedName(model)}`
    let shared = this.#latencies.get(name)
    if (shared === undefined) this.#latencies.set(name, (shared = newLatency(local)))
    return newLatency(local, shared)
  }

  /** How long loads of a deployment took. */
  loadTimeOf(id: string): LoadTime {
    let found = this.#loads.get(id)
    if (found === undefined) this.#loads.set(id, (found = newLoadTime()))
    return found
  }

  /** Takes in an answer; call it once for each. */
  learn(lesson: Observation): void {
    const { profile, target, usage, valid } = lesson
    const { features } = profile
    this.changed = true
    if (usage !== null && profile.needs.every((need) => need !== 'vision' && need !== 'audio'))
      learnTokens(target.deployment.calibration, profile.inputTokens, usage.input)
    learnTimes(this.#warmed(lesson))
    if (features === null) return
    if (valid !== null) {
      if (this.from.validity) learnValidity(target.arm, features, valid)
      this.#recent.remember(lesson.requestId, lesson.caller, target.arm, features)
    }
    if (usage !== null && usage.output > 0 && (valid !== null || lesson.cut))
      learnLength(target.arm, features, usage.output, usage.reasoning, lesson.cut)
  }

  /** Somebody judges an answer, 0..1. False: there is no such answer, it was somebody else's, too long ago, or judged already. */
  judge(requestId: string, caller: string, score: number): boolean {
    if (!this.#opinions.score(requestId, caller, score)) return false
    this.changed = true
    return true
  }

  /** What a request that has ended says of answers before it; nothing is learnt yet. Requests in the order in which they ended. */
  follow(turn: Turn): Followed | null {
    if (!HINT_NAMES.some((hint) => this.from[hint])) return null
    const followed = this.#followUps.follow(turn)
    const { hinted } = followed
    return hinted === null || this.from[hinted.hint] ? followed : { ...followed, hinted: null }
  }

  /** Learns that. `caller`: whose request it was. */
  heed({ hinted, unremarked }: Followed, caller: string): void {
    if (hinted !== null && this.#opinions.hint(hinted, caller)) this.changed = true
    for (let at = 0; at < unremarked.length; at += 2) this.#opinions.unremarked(unremarked[at]!, unremarked[at + 1]!)
  }

  /** How hints have turned out so far. */
  get hints(): HintBook {
    return this.#opinions.hints
  }

  /** What a hint is worth by now, as a share of a score. */
  strengthOf(hint: Hint): number {
    return this.from[hint] ? strengthOf(hint, this.hints) : 0
  }

  /** Conversations are forgotten after some minutes, also where no requests come. `now`: clock reading. */
  forget(now: number): void {
    this.#followUps.forget(now)
  }

  /** For the file: all that something was learnt of. */
  get known(): {
    readonly arms: Iterable<Arm>
    readonly calibrations: ReadonlyMap<string, Calibration>
    readonly loads: ReadonlyMap<string, LoadTime>
  } {
    const arms = [...this.#restored.values(), ...[...this.#arms.values()].flat()]
    return { arms, calibrations: this.#calibrations, loads: this.#loads }
  }

  /** Takes over what an earlier run had learnt, before the fleet asks for arms. */
  restore(
    arms: readonly Arm[],
    calibrations: ReadonlyMap<string, Calibration>,
    loads: ReadonlyMap<string, LoadTime>,
    common: Common | null = null,
    hints: Readonly<Partial<HintBook>> = {},
  ): void {
    for (const hint of HINT_NAMES) Object.assign(this.hints[hint], hints[hint])
    if (common !== null) Object.assign(this.common, common)
    for (const arm of arms) this.#restored.set(arm.id, arm)
    for (const [id, load] of loads) this.#loads.set(id, { ...load })
    for (const [name, calibration] of calibrations) this.#calibrations.set(name, calibration)
  }

  /** The same answer without the time that its model was loaded in, which is learnt for itself. */
  #warmed(lesson: Observation): Observation {
    const { cold = null, target, ttftMs, totalMs, load, usage, profile } = lesson
    if (cold === null) return lesson
    const times = this.loadTimeOf(target.deployment.id)
    const began = ttftMs ?? totalMs
    if (began === null) return lesson
    const { latency } = target.deployment
    const fresh = Math.max(0, (usage?.input ?? profile.inputTokens) - (usage?.cachedInput ?? 0))
    const usualMs =
      1000 * (ttftOf(latency, fresh, load) + (ttftMs === null ? (usage?.output ?? 0) * tpotOf(latency, load) : 0))
    const loadMs = loadMsOf({ toldMs: cold.toldMs, began, usualMs, alone: load.open === 0 })
    if (loadMs === 0) return lesson
    if (loadMs !== null) learnLoad(times, loadMs / 1000)
    // Where it was not told how much of it was the load, the rest is no more than a guess.
    const rest = (ms: number | null): number | null =>
      ms === null || cold.toldMs === null ? null : Math.max(1, ms - cold.toldMs)
    return { ...lesson, ttftMs: rest(ttftMs), totalMs: rest(totalMs) }
  }

  /** What was learnt of a model at any effort; the arms of all its backends share it. */
  #familyOf(arms: readonly Arm[]): NonNullable<Arm['family']> {
    const empty = (): TopicStats => newCells(this.topics.topics.length)
    return {
      quality: gather(
        empty(),
        arms.map(({ quality }) => quality),
      ),
      length: gather(
        empty(),
        arms.map(({ length }) => length),
      ),
    }
  }

  #armOf(model: string, effort: Effort | null, facts: ModelFacts): Arm {
    const fresh = newArm(model, effort, facts, this.topics, this.common)
    const known = this.#arms.get(fresh.id) ?? []
    const same = known.find((arm) => expectsAs(arm, fresh))
    if (same !== undefined) return same
    const last = known.at(-1) ?? this.#restored.get(fresh.id)
    this.#restored.delete(fresh.id)
    const arm = last === undefined ? fresh : rebase(last, fresh)
    this.#arms.set(arm.id, [...known, arm].slice(-MOST_VERSIONS))
    return arm
  }
}

/** What its prompt took to be read by itself; where that is not known, all of the time until its first token. */
const ownSeconds = (place: Observation['place'], seconds: number): number =>
  place === null || place.ownMs <= 0 ? seconds : place.ownMs / 1000

function learnTimes({
  profile,
  target,
  usage,
  load,
  place,
  ttftMs,
  streamMs,
  totalMs,
  before: held,
}: Observation): void {
  const { latency } = target.deployment
  const input = usage?.input ?? profile.inputTokens
  const fresh = Math.max(0, input - (usage?.cachedInput ?? 0))
  if (ttftMs !== null) {
    const seconds = ttftMs / 1000
    // As late as it would be with the last of the places: what came on top was waiting.
    const last = Math.max(0, Math.round(latency.room.size) - 1)
    const reading = readingOf(latency, fresh, load)
    // What was sent before it was read before it: how long that took says nothing of this prompt.
    const queued = reading - readingOf(latency, fresh, alone(load))
    const before = queued < HARDLY ? 0 : queued
    const usual = before + ttftOf(latency, fresh, alone(load), Math.min(load.open, last))
    const { room } = latency
    const waited =
      place !== null &&
      learnRoom(room, {
        beside: place.beside,
        running: place.running,
        seconds,
        usual,
        reading: reading > HARDLY && latency.ttft.count < PACE_KNOWN ? reading : 0,
      })
    const own = ownSeconds(place, seconds)
    const rest = before > seconds / 2 ? own : Math.max(own, seconds - before)
    // Where nothing shows that it has a bound, what it took by itself is its pace: else one that a first guess takes for quick is never known better.
    const bounded = before === 0 || roomLimitOf(room) !== null
    if (!(waited && bounded)) learnTtft(latency, fresh, alone(load), rest)
  }
  if (streamMs !== null) learnStay(latency.room, streamMs / 1000)
  if (usage !== null) learnCache(target.deployment, usage, held)
  if (usage === null) return
  if (streamMs !== null) learnTpot(latency, usage.output - 1, load, streamMs / 1000)
  else if (totalMs !== null && profile.generates)
    learnTpot(latency, usage.output, load, writingOf(latency, fresh, load, usage.output) * (totalMs / 1000))
}

/**
 * Share of a whole answer's time that its tokens took. What other calls do to its beginning is a guess until a stream has shown it: taken off,
 * one that is too long would make an engine look the quicker the busier it is, and it would be sent everything.
 */
function writingOf(latency: Latency, fresh: number, load: LoadView, tokens: number): number {
  const seen = latency.ttft.count > 0 || (latency.shared !== null && latency.shared.ttft.count > 0)
  const writing = tokens * tpotOf(latency, load)
  return writing / (ttftOf(latency, fresh, seen ? load : IDLE) + writing)
}

const IDLE = loadOf(0)

/** Without the prompts that are read before. */
const alone = (load: LoadView): LoadView => ({ ...load, pending: 0, foreignPending: 0 })

/** `held`: tokens of the prompt that it was taken to have kept. */
function learnCache({ latency, cache }: Deployment, { input, cachedInput }: Usage, held: number): void {
  const kept = Math.min(held, input)
  learnKept(latency, kept, cachedInput)
  if (latency.keptTold) learnShare(cache, kept, cachedInput, input)
}
