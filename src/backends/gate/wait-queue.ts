/**
 * The requests that wait at one backend, and which of them is next: by priority; then the model that is loaded, as long as it has its turn;
 * then the caller that has used least; then who came first. Requests of one priority, caller and model stand in one line, so finding the
 * next one costs as much as there are lines, not requests.
 */
import type { Entrant } from './entrant.ts'
import { type Share, Shares } from './shares.ts'
import { Deadlines, type Limited } from './deadlines.ts'

export interface Waiter extends Limited {
  readonly entrant: Entrant
  readonly since: number
  /** It takes no place before (clock reading). */
  readonly from: number
  readonly order: number
  readonly line: Line
}

/** Those of one caller that want one model, at one priority; in the order in which they came. */
interface Line {
  readonly name: string
  readonly priority: number
  readonly model: string
  readonly share: Share
  readonly waiters: Set<Waiter>
}

/** Clock readings; see Waiter. */
interface Times {
  readonly since: number
  readonly until: number
  readonly from: number
}

export class WaitQueue {
  readonly shares: Shares
  readonly #lines = new Map<string, Line>()
  readonly #deadlines = new Deadlines<Waiter>()
  #size = 0
  #came = 0

  /** `shares`: those of another queue before the same backend. */
  constructor(shares = new Shares()) {
    this.shares = shares
  }

  get size(): number {
    return this.#size
  }

  /** Who must stop waiting first. */
  get soonest(): Waiter | null {
    return this.#deadlines.first
  }

  add(entrant: Entrant, { since, until, from }: Times): Waiter {
    const line = this.#lineOf(entrant)
    const waiter = { entrant, since, until, from, place: 0, order: this.#came++, line }
    this.shares.join(entrant.caller)
    line.waiters.add(waiter)
    this.#deadlines.add(waiter)
    this.#size++
    return waiter
  }

  remove(waiter: Waiter): void {
    const { line } = waiter
    if (!line.waiters.delete(waiter)) return
    if (line.waiters.size === 0) this.#lines.delete(line.name)
    this.shares.leave(line.share)
    this.#deadlines.remove(waiter)
    this.#size--
  }

  /**
   * Null: nobody can be served. `blocked`: no call of the model can be made now. `ready`: a call of it would not push out another model
   * whose turn it still is.
   */
  next(now: number, blocked: (model: string) => boolean, ready: (model: string) => boolean): Waiter | null {
    let best: Waiter | null = null
    let bestReady = false
    for (const line of this.#lines.values()) {
      if ((best !== null && line.priority < best.line.priority) || blocked(line.model)) continue
      const first = firstOf(line, now)
      if (first === null) continue
      const isReady = ready(line.model)
      if (best === null || line.priority > best.line.priority || comesBefore(first, isReady, best, bestReady)) {
        best = first
        bestReady = isReady
      }
    }
    return best
  }

  /** When the next one takes a place that takes none yet (clock reading); Infinity: all of them do. */
  firstAfter(now: number): number {
    let first = Infinity
    for (const { from } of this) if (from > now) first = Math.min(first, from)
    return first
  }

  *[Symbol.iterator](): Iterator<Waiter> {
    for (const { waiters } of this.#lines.values()) yield* waiters
  }

  /**
   * How many will be served before a request like this one, if it comes now: of a caller with a longer line no more than its turns.
   * `model`: calls of this one only; null: of all.
   */
  before({ caller, priority }: Entrant, model: string | null = null): number {
    const waiting = new Map<string, number>()
    let ahead = 0
    for (const line of this.#lines.values()) {
      if (line.priority < priority || (model !== null && line.model !== model)) continue
      if (line.priority > priority) ahead += line.waiters.size
      else waiting.set(line.share.caller, (waiting.get(line.share.caller) ?? 0) + line.waiters.size)
    }
    const own = waiting.get(caller) ?? 0
    for (const [one, many] of waiting) ahead += one === caller ? many : Math.min(many, own + 1)
    return ahead
  }

  #lineOf({ caller, priority, model }: Entrant): Line {
    const name = `${priority} ${caller} ${model}`
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    const line = { name, priority, model, share: this.shares.of(caller), waiters: new Set<Waiter>() }
    this.#lines.set(name, line)
    return line
  }
}

function firstOf({ waiters }: Line, now: number): Waiter | null {
  for (const waiter of waiters) if (waiter.from <= now) return waiter
  return null
}

function comesBefore(waiter: Waiter, isReady: boolean, best: Waiter, bestReady: boolean): boolean {
  if (isReady !== bestReady) return isReady
  const [share, its] = [waiter.line.share.served, best.line.share.served]
  return share === its ? waiter.order < best.order : share < its
}
