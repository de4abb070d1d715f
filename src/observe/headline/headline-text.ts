/** The headline numbers as people read them. Pure. */
import { amount } from '../../core/amount.ts'
import { figure, whole } from '../explain/figures.ts'
import type { Headline } from './headline.ts'

export interface HeadlineLine {
  readonly name: string
  readonly value: string
  /** What the number is to be held against. */
  readonly beside: string
}

/** The five, in their order. */
export const headlineLines = (headline: Headline): readonly HeadlineLine[] => [
  {
    name: 'useful answers',
    value: whole(headline.successes),
    beside: `of ${counted(headline.requests, 'request')}${headline.success_ratio === null ? '' : `, ${percent(headline.success_ratio)}`}`,
  },
  {
    name: 'cost',
    value: dollars(headline.cost_usd),
    beside: each(headline.cost_per_success_usd, dollars) + unpricedText(headline.unpriced_requests),
  },
  { name: 'tokens', value: count(headline.tokens), beside: each(headline.tokens_per_success, count) },
  {
    name: 'waste',
    value: percent(headline.waste_ratio),
    beside: counted(headline.waste_tokens, 'wasted token'),
  },
  {
    name: 'first token',
    value: milliseconds(headline.ttft_median_ms),
    beside:
      headline.streams === 0
        ? 'no streams'
        : `median of ${counted(headline.streams, 'stream')}; p95 ${milliseconds(headline.ttft_p95_ms)}`,
  },
]

const each = (value: number | null, words: (value: number) => string): string =>
  value === null ? 'no useful answer' : `${words(value)} per useful answer`

const unpricedText = (requests: number): string =>
  requests === 0 ? '' : `; without ${counted(requests, 'request')} of unknown price`

const counted = (number: number, one: string): string => `${count(number)} ${one}${number === 1 ? '' : 's'}`

/** Up to a million as it is. */
export const count = (number: number): string => (number < 1e6 ? whole(number) : amount(number))

/** With cents where they say enough. */
export const dollars = (usd: number): string =>
  usd === 0 || usd >= 1 ? `$${usd.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',')}` : `$${figure(usd)}`

/** What is not all of it is not said to be, and what is not nothing neither. */
export function percent(share: number | null): string {
  if (share === null) return '-'
  if (share > 0 && share < 0.0005) return '< 0.1 %'
  if (share < 1 && share >= 0.9995) return '> 99.9 %'
  return `${share >= 10 ? whole(100 * share) : (100 * share).toFixed(1).replace(/\.0$/, '')} %`
}

const milliseconds = (ms: number | null): string =>
  ms === null ? '-' : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
