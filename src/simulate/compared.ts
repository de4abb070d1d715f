/** What a policy came to over some seeds: the means of the runs. */
import type { Outcome } from './figures.ts'

/** Null: no request got a token, or none had a block. Seconds, shares of 1, counts of the mean run. */
export interface Compared {
  readonly policy: string
  readonly ttft_mean_s: number | null
  readonly ttft_p50_s: number | null
  readonly ttft_p99_s: number | null
  readonly hit_rate: number | null
  readonly requests: number
  readonly finished: number
  /** Cut in the middle of their answer, and taken by nobody. */
  readonly broken: number
  readonly refused: number
  /** Standard deviation over the seeds. */
  readonly ttft_mean_sd_s: number | null
  readonly engines: readonly { readonly calls: number; readonly hit_rate: number | null; readonly read_s: number }[]
}

export function comparedOf(policy: string, outcomes: readonly Outcome[]): Compared {
  const over = (of: (outcome: Outcome) => number | null | undefined): number | null => {
    const known = outcomes.map(of).filter((value): value is number => typeof value === 'number')
    return known.length === 0 ? null : rounded(mean(known))
  }
  const means = outcomes.flatMap(({ ttft }) => (ttft === null ? [] : [ttft.mean]))
  return {
    policy,
    ttft_mean_s: over(({ ttft }) => ttft?.mean),
    ttft_p50_s: over(({ ttft }) => ttft?.p50),
    ttft_p99_s: over(({ ttft }) => ttft?.p99),
    hit_rate: over(({ hitRate }) => hitRate),
    requests: outcomes[0]?.requests ?? 0,
    finished: over(({ finished }) => finished) ?? 0,
    broken: over(({ broken }) => broken) ?? 0,
    refused: over(({ refused }) => refused) ?? 0,
    ttft_mean_sd_s: means.length < 2 ? null : rounded(deviation(means)),
    engines: (outcomes[0]?.engines ?? []).map((_, place) => ({
      calls: over(({ engines }) => engines[place]!.calls) ?? 0,
      hit_rate: over(({ engines }) => engines[place]!.hitRate),
      read_s: over(({ engines }) => engines[place]!.busySeconds) ?? 0,
    })),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

const rounded = (value: number): number => Number(value.toPrecision(6))
