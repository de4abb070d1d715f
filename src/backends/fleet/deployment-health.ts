/** What the outcome of a call says about one deployment, beside what it says about its backend. */
import { asks, lackKey } from '../../decision/classify/lacking.ts'
import { BoundedMap } from '../../core/bounded-map.ts'
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { Pause } from './state-of.ts'
import type { SpendEstimate } from '../../core/settlement.ts'
import type { GatewayRequest, RequestProfile, DeploymentHealth } from '../../core/types.ts'

/** What a call was about. */
export interface CallSubject {
  readonly request: GatewayRequest
  readonly profile: RequestProfile
}

/** The fleet's own view of `DeploymentHealth`. */
export interface HealthState extends Omit<
  { -readonly [K in keyof DeploymentHealth]: DeploymentHealth[K] },
  'unsupportedUntil' | 'adapted' | 'answers'
> {
  failures: number
  /** What its engine said, in refusing a prompt as too long, that prompt and answer may have; null: it refused none lately. */
  context: { readonly tokens: number; readonly until: number } | null
  readonly unsupportedUntil: BoundedMap<string, number>
  readonly adapted: Map<string, number>
  readonly answers: Set<string>
}

export const newHealth = (): HealthState => ({
  calls: 0,
  failures: 0,
  context: null,
  ejectedUntil: 0,
  retryAfterUntil: 0,
  pausedFor: null,
  unsupportedUntil: new BoundedMap(MOST_REFUSED),
  adapted: new Map(),
  answers: new Set(),
  beyond: { nanoUsd: 0, tokens: 0 },
})

/** The first rest after a failure; it doubles with each in a row. A healed deployment is asked again within the longest. */
const REST_MS = 1_000
const LONGEST_REST_MS = 60_000
/** Engines are started again with other options now and then. */
const REFUSED_MS = 600_000
/** Another version of the engine may take what this one refuses. */
const ADAPTED_MS = 3_600_000
/** Values of fields are as many as callers think of. */
const MOST_REFUSED = 64

/** It took with these changes what it had refused without them. */
export function adapt(own: HealthState, changes: readonly string[], now: number): void {
  for (const change of changes) own.adapted.set(change, now + ADAPTED_MS)
}

/** A request came to so much more than was set aside for it. */
export function overrun(own: HealthState, by: SpendEstimate): void {
  const { nanoUsd, tokens } = own.beyond
  own.beyond = { nanoUsd: Math.max(nanoUsd, by.nanoUsd), tokens: Math.max(tokens, by.tokens) }
}

/** A call ended. `place`: where it went, see core/ask-place.ts. */
export function recordOutcome(
  own: HealthState,
  place: string,
  error: GatewayError | null,
  now: number,
  asked: CallSubject | null = null,
): void {
  if (error === null) {
    own.failures = 0
    own.ejectedUntil = 0
    own.unsupportedUntil.delete(place)
    own.answers.add(place)
    if (asked) learnAbilities(own, asked)
    return
  }
  learnContext(own, error, asked, now)
  switch (ERRORS[error.code].health) {
    case 'endpoint':
      refuse(own, place, now)
      return
    case 'ability':
      if (error.lack?.name === 'endpoint') refuse(own, place, now)
      else if (error.lack?.name && asked) refuse(own, lackKey(asked.request, error.lack.name, error.lack.ofValue), now)
      return
    case 'fault':
      own.ejectedUntil = now + Math.min(LONGEST_REST_MS, REST_MS * 2 ** Math.min(own.failures, 10))
      own.failures++
      return
    default:
  }
}

/** What the engine says of the context that it has. To a caller who asked for another one it tells that one. */
function learnContext(own: HealthState, { overflow }: GatewayError, asked: CallSubject | null, now: number): void {
  const tokens = overflow?.most ?? 0
  if (!Number.isSafeInteger(tokens) || tokens <= 0 || asked === null || (asked.profile.context ?? null) !== null) return
  own.context = { tokens, until: now + REFUSED_MS }
}

/** What it refused is asked again. */
export function forgetRefusals(own: HealthState): void {
  own.unsupportedUntil.clear()
  own.adapted.clear()
  own.context = null
  own.beyond = { nanoUsd: 0, tokens: 0 }
}

/** It wants to be left alone; the longest wish counts. */
export function pause(own: HealthState, state: Pause['state'], until: number): void {
  if (until <= own.retryAfterUntil) return
  own.retryAfterUntil = until
  own.pausedFor = state
}

function refuse(own: HealthState, what: string, now: number): void {
  own.unsupportedUntil.renew(what, now + REFUSED_MS)
  own.answers.delete(what)
}

/** It could do what the request asked for, whatever it said before. */
function learnAbilities(own: HealthState, { request, profile }: CallSubject): void {
  for (const need of profile.needs) own.answers.add(need)
  for (const lack of own.unsupportedUntil.keys()) if (asks(request, profile, lack)) own.unsupportedUntil.delete(lack)
}
