/** What a replay came to. */
import type { Failure } from './instance.ts'
import type { Asked } from './router.ts'
import { BLOCK_TOKENS } from './trace.ts'

export interface Outcome {
  readonly requests: number
  /** Answered to the last token. */
  readonly finished: number
  /** Their engine went away in the middle of the answer. */
  readonly broken: number
  /** No engine took them. */
  readonly refused: number
  /** Calls that failed before the first token, of engines that were away, and of engines that took no more. */
  readonly failedAway: number
  readonly failedFull: number
  /** Until the first token, of those that got one, seconds; null: none did. */
  readonly ttft: { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number } | null
  /** Share of the prompts' blocks that engines had kept; null: there were none. */
  readonly hitRate: number | null
  /** Seconds until the last token came. */
  readonly engines: readonly EngineFigures[]
  /** Mean seconds until the first token, of the requests that came in each of the minutes. */
  readonly minutes: readonly (number | null)[]
}

export interface EngineFigures {
  readonly calls: number
  /** Of the prompts' blocks that it read. */
  readonly hitRate: number | null
  /** Seconds that it read prompts. */
  readonly busySeconds: number
}

interface Sum {
  calls: number
  hits: number
  blocks: number
}

export class Figures {
  readonly #ttfts: number[] = []
  readonly #minutes: { count: number; seconds: number }[] = []
  readonly #sums: readonly Sum[]
  #finished = 0
  #broken = 0
  #refused = 0
  #failedAway = 0
  #failedFull = 0

  constructor(engines: number) {
    this.#sums = Array.from({ length: engines }, () => ({ calls: 0, hits: 0, blocks: 0 }))
  }

  sent(place: number): void {
    this.#sums[place]!.calls++
  }

  began(place: number, seconds: number, { at, request }: Asked, kept: number): void {
    this.#ttfts.push(seconds)
    const sum = this.#sums[place]!
    sum.blocks += request.blocks.length
    sum.hits += Math.min(request.blocks.length, Math.ceil(kept / BLOCK_TOKENS))
    const minute = Math.floor(at / 60)
    while (this.#minutes.length <= minute) this.#minutes.push({ count: 0, seconds: 0 })
    this.#minutes[minute]!.count++
    this.#minutes[minute]!.seconds += seconds
  }

  ended(): void {
    this.#finished++
  }

  broken(): void {
    this.#broken++
  }

  refused(): void {
    this.#refused++
  }

  failed({ why }: Failure): void {
    if (why === 'away') this.#failedAway++
    else this.#failedFull++
  }

  outcome(busySeconds: readonly number[], requests: number): Outcome {
    const sorted = Float64Array.from(this.#ttfts).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
    const total = (of: (sum: Sum) => number): number => this.#sums.reduce((sum, one) => sum + of(one), 0)
    return {
      requests,
      finished: this.#finished,
      broken: this.#broken,
      refused: this.#refused,
      failedAway: this.#failedAway,
      failedFull: this.#failedFull,
      ttft:
        sorted.length === 0
          ? null
          : { mean: mean(sorted), p50: at(0.5), p99: at(0.99), max: sorted[sorted.length - 1]! },
      hitRate: shareOf(
        total(({ hits }) => hits),
        total(({ blocks }) => blocks),
      ),
      engines: this.#sums.map(({ calls, hits, blocks }, place) => ({
        calls,
        hitRate: shareOf(hits, blocks),
        busySeconds: busySeconds[place]!,
      })),
      minutes: this.#minutes.map(({ count, seconds }) => (count === 0 ? null : seconds / count)),
    }
  }
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
