/**
 * Who waits at one backend, and who is next: by priority; then the model that is loaded, as long as it has its turn; then the caller that
 * had least; then who came first. Requests that differ in none of the first three stand in one line, so what is looked at for the next one
 * is as many as there are lines.
 */
import type { Entrant } from './entrant.ts'
import { type Share, Shares } from './shares.ts'
import { Deadlines, type Limited } from './deadlines.ts'

export interface Waiter extends Limited {
  readonly entrant: Entrant
  readonly since: number
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

export class WaitQueue {
  readonly shares = new Shares()
  readonly #lines = new Map<string, Line>()
  readonly #deadlines = new Deadlines<Waiter>()
  #size = 0
  #came = 0

  get size(): number {
    return this.#size
  }

  /** Who must stop waiting first. */
  get soonest(): Waiter | null {
    return this.#deadlines.first
  }

  add(entrant: Entrant, since: number, until: number): Waiter {
    const line = this.#lineOf(entrant)
    const waiter = { entrant, since, until, place: 0, order: this.#came++, line }
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
   * Null: nobody can be. `resting`: no call of the model can be made at the moment. `ready`: a call of it would not push out another model
   * whose turn it still is.
   */
  next(resting: (model: string) => boolean, ready: (model: string) => boolean): Waiter | null {
    let best: Line | null = null
    let bestReady = false
    for (const line of this.#lines.values()) {
      if ((best !== null && line.priority < best.priority) || resting(line.model)) continue
      const isReady = ready(line.model)
      if (best === null || line.priority > best.priority || comesBefore(line, isReady, best, bestReady)) {
        best = line
        bestReady = isReady
      }
    }
    return best === null ? null : firstOf(best)
  }

  *[Symbol.iterator](): Iterator<Waiter> {
    for (const { waiters } of this.#lines.values()) yield* waiters
  }

  /** How many will be served before a request like this one, if it comes now: of a caller with a longer line no more than its turns. */
  before({ caller, priority }: Entrant): number {
    const waiting = new Map<string, number>()
    let ahead = 0
    for (const line of this.#lines.values()) {
      if (line.priority < priority) continue
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

const firstOf = ({ waiters }: Line): Waiter => waiters.values().next().value!

function comesBefore(line: Line, isReady: boolean, best: Line, bestReady: boolean): boolean {
  if (isReady !== bestReady) return isReady
  if (line.share.served !== best.share.served) return line.share.served < best.share.served
  return firstOf(line).order < firstOf(best).order
}
