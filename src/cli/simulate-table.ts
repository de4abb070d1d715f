/** What policies came to, for people: 80 columns at the most. */
import type { Compared } from '../simulate/compared.ts'
import { fittedTable } from './fitted-table.ts'

const HEAD = ['policy', 'TTFT mean s', 'p50', 'p99', 'hits %', 'broken', 'refused']

export function comparedTable(all: readonly Compared[], requests: number): string {
  const rows = all.map((one) => [
    one.policy,
    seconds(one.ttft_mean_s),
    seconds(one.ttft_p50_s),
    seconds(one.ttft_p99_s),
    one.hit_rate === null ? '-' : (100 * one.hit_rate).toFixed(1),
    count(one.broken),
    count(one.refused),
  ])
  return `${requests} requests\n\n${fittedTable(HEAD, rows, 1)}`
}

const seconds = (value: number | null): string =>
  value === null ? '-' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const count = (value: number): string => (value === 0 ? '-' : value.toFixed(0))
