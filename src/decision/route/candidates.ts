/**
 * Who comes into question for one kind of request at one name, worked out once: of a table that is in use neither routes nor
 * models change, so that each request asks only for what the moment and its own size decide.
 */
import { BoundedMap } from '../../core/bounded-map.ts'
import { type Capability, type Effort, nearestEffort } from '../../core/capabilities.ts'
import type { CandidateName, Excluded } from '../../core/decision-rows.ts'
import { isUnscored } from '../../core/strategies.ts'
import type { Deployment, GatewayRequest, RequestProfile, Target } from '../../core/types.ts'
import type { Admission } from './admission.ts'
import type { Bounds, KeyBound } from './bounds.ts'
import { type Checks, exclusionOf, type Kind, standingOf } from './filters.ts'
import type { ResolvedRoute } from './resolutions.ts'

/** As an Admission it is what holds where no check takes anybody out. */
export interface CandidateSet extends Admission {
  readonly kind: Kind
  /** By row, as `names` and `seats` are. */
  readonly targets: readonly Target[]
  readonly names: readonly CandidateName[]
  /** Places in the rota. */
  readonly seats: Int32Array
  /** Names and exclusions of the rows that are present. */
  readonly shown: Shown
  readonly doubts: readonly Doubt[]
  /** The fallback of the route, without what is a candidate already. */
  readonly spares: readonly Spare[]
}

export interface Shown {
  readonly names: readonly CandidateName[]
  readonly excluded: readonly (Excluded | null)[]
}

/** A deployment about which each request asks. */
interface Doubt {
  readonly deployment: Deployment
  readonly checks: Checks
  readonly rows: readonly number[]
  /** Its row where it is taken out. */
  readonly rowOut: number
}

/** One that is asked after all candidates. */
export interface Spare {
  readonly target: Target
  readonly name: CandidateName
  readonly excluded: Excluded | null
  readonly checks: Checks
}

export function admit(set: CandidateSet, profile: RequestProfile): Admission {
  let out: Map<number, Excluded> | null = null
  let gone: Set<number> | null = null
  for (const { deployment, checks, rows, rowOut } of set.doubts) {
    const excluded = exclusionOf(deployment, checks, set.kind, profile)
    if (excluded === null) continue
    gone ??= new Set()
    for (const row of rows) gone.add(row)
    out ??= new Map()
    out.set(rowOut, excluded)
  }
  return gone === null || out === null ? set : without(set, gone, out)
}

/** `out`: rows that take the place of those that are gone. */
function without(set: CandidateSet, gone: ReadonlySet<number>, out: ReadonlyMap<number, Excluded>): Admission {
  const present = [...set.present.filter((row) => !gone.has(row)), ...out.keys()].sort((a, b) => a - b)
  const live = set.live.filter((row) => !gone.has(row))
  return { present, live, excluded: set.excluded.map((excluded, row) => out.get(row) ?? excluded) }
}

/** Keys that are bound, and kinds of requests of each: what is left out is worked out again. */
const MOST_KEYS = 256
const MOST_KINDS = 8

interface Known extends CandidateSet {
  readonly effort: Effort | null
  readonly wide: boolean
}

export class CandidateSets {
  readonly #sets = new WeakMap<ResolvedRoute, BoundedMap<KeyBound | null, Known[]>>()

  /** `key`: the same object for the same key. `efforts`: they may be chosen, where that is left to the gateway. */
  of(
    choice: ResolvedRoute,
    key: KeyBound | null,
    { endpoint }: GatewayRequest,
    profile: RequestProfile,
    efforts = true,
  ): CandidateSet {
    const { needs, effort, generates } = profile
    const wide = efforts && choice.open && generates && !isUnscored(choice.scoring)
    let keys = this.#sets.get(choice)
    if (keys === undefined) this.#sets.set(choice, (keys = new BoundedMap(MOST_KEYS)))
    let sets = keys.get(key)
    if (sets === undefined) keys.set(key, (sets = []))
    for (const set of sets)
      if (set.kind.endpoint === endpoint && set.effort === effort && set.wide === wide && isSame(set.kind.needs, needs))
        return set
    const bounds = { spec: choice.rule?.spec ?? null, scoring: choice.scoring, key }
    const set = { ...newSet(choice, { endpoint, needs, open: choice.open }, bounds, profile, wide), effort, wide }
    sets.push(set)
    if (sets.length > MOST_KINDS) sets.shift()
    return set
  }
}

function isSame(one: readonly Capability[], other: readonly Capability[]): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return one.length === other.length
}

/** `wide`: each effort of a model is a candidate. */
function newSet(
  { candidates, fallback }: ResolvedRoute,
  kind: Kind,
  bounds: Bounds,
  profile: RequestProfile,
  wide: boolean,
): CandidateSet {
  const { effort } = profile
  const targets: Target[] = []
  const seats: number[] = []
  const excluded: (Excluded | null)[] = []
  const present: number[] = []
  const live: number[] = []
  const doubts: Doubt[] = []
  const add = (target: Target, seat: number, why: Excluded | null): number => {
    seats.push(seat)
    excluded.push(why)
    return targets.push(target) - 1
  }
  for (const [seat, deployment] of candidates.entries()) {
    const { excluded: why, checks } = standingOf(deployment, kind, bounds, profile)
    if (why !== null) {
      present.push(add(asItIs(deployment, effort), seat, why))
      continue
    }
    const several = wide && effort === null && deployment.targets.length > 1
    const rowOut = several && checks.length > 0 ? add(deployment.targets[0]!, seat, null) : targets.length
    const asked = several ? deployment.targets.slice(1) : [asItIs(deployment, effort)]
    const rows = asked.map((target) => add(target, seat, null))
    present.push(...rows)
    live.push(...rows)
    if (checks.length > 0) doubts.push({ deployment, checks, rows, rowOut })
  }
  const names = targets.map(nameOf)
  const taken = new Set(candidates)
  const spares = fallback
    .filter((deployment) => !taken.has(deployment))
    .map((deployment): Spare => {
      const target = asItIs(deployment, effort)
      return { target, name: nameOf(target), ...standingOf(deployment, kind, bounds, profile) }
    })
  const shown = { names: present.map((row) => names[row]!), excluded: present.map((row) => excluded[row]!) }
  return { kind, targets, names, seats: Int32Array.from(seats), excluded, present, live, shown, doubts, spares }
}

/** At the caller's own effort, or the nearest that the model has; or as the model does when nobody says. */
function asItIs({ targets, facts }: Deployment, effort: Effort | null): Target {
  if (effort === null) return targets[0]!
  const nearest = nearestEffort(effort, facts.efforts) ?? effort
  return targets.find((target) => target.effort === nearest) ?? { ...targets[0]!, effort }
}

const nameOf = ({ deployment, effort }: Target): CandidateName => ({
  id: deployment.id,
  backend: deployment.backend.name,
  model: deployment.model,
  effort,
})
