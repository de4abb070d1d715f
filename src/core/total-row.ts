/** A total in a row of the ledger: what is read back from a row is what was written. Field names are contract. Pure. */
import type { Cost, Tokens, Total, Waste } from './settlement.ts'
import { wasteInAll } from './total.ts'

/** What is part of something else is counted in both; the kinds that most answers do not have are there where they are not 0. */
export interface RowTokens {
  readonly input: number
  readonly cached_input: number
  readonly output: number
  readonly reasoning: number
  readonly cache_write?: number
  readonly audio_input?: number
  readonly audio_output?: number
  readonly image_input?: number
}

export interface TotalRow {
  /** Null = unknown, or none. */
  readonly tokens: RowTokens | null
  readonly tokens_estimated: boolean
  /** What is known of it, with nine decimals; null = nothing is. */
  readonly cost_usd: number | null
  /** Tokens were taken whose cost is unknown. */
  readonly cost_partial: boolean
  readonly cost_source: string | null
  /** By counts or a price that are a guess. */
  readonly cost_estimated?: boolean
  /** By the reason of the last wasted call. */
  readonly waste: { readonly reason: string; readonly tokens: number } | null
  /** Where there is more than one reason: tokens of each. */
  readonly waste_by_reason?: Readonly<Record<string, number>>
}

const NANO = 1_000_000_000

/** Whole nano-dollars as dollars with nine decimals: exact, and never in powers of ten. */
export function usdText(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / NANO)
  return `${whole}.${String(nanoUsd - whole * NANO).padStart(9, '0')}`
}

/** `cost_usd` of a row -> whole nano-dollars. */
export const nanoOf = (usd: number): number => Math.round(usd * NANO)

/** Texts are put together by hand: that takes half of what a stringified object does. No braces. */
export function totalText({ tokens, cost, partial, waste }: Total): string {
  return (
    `${tokensText(tokens)},"cost_usd":${cost === null ? 'null' : usdText(cost.nanoUsd)},"cost_partial":${partial}` +
    `,"cost_source":${cost === null ? 'null' : `"${cost.source}"`},"cost_estimated":${cost?.estimated ?? false}` +
    `,"waste":${wasteText(waste)}`
  )
}

function tokensText(tokens: Tokens | null): string {
  if (tokens === null) return '"tokens":null,"tokens_estimated":false'
  const { cacheWrite, audioInput, audioOutput, imageInput } = tokens
  const rare =
    cacheWrite + audioInput + audioOutput + imageInput === 0
      ? ''
      : more('cache_write', cacheWrite) +
        more('audio_input', audioInput) +
        more('audio_output', audioOutput) +
        more('image_input', imageInput)
  return (
    `"tokens":{"input":${tokens.input},"cached_input":${tokens.cachedInput},"output":${tokens.output}` +
    `,"reasoning":${tokens.reasoning}${rare}},"tokens_estimated":${tokens.estimated}`
  )
}

const more = (kind: keyof RowTokens, count: number): string => (count === 0 ? '' : `,"${kind}":${count}`)

function wasteText(waste: readonly Waste[]): string {
  const last = wasteInAll({ waste })
  if (last === null) return 'null'
  const all = `{"reason":"${last.reason}","tokens":${last.tokens}}`
  return waste.length === 1
    ? all
    : `${all},"waste_by_reason":{${waste.map(({ reason, tokens }) => `"${reason}":${tokens}`).join(',')}}`
}

/** Of rows of earlier versions, which told less, what they told. */
export const totalOfRow = (row: TotalRow): Total => ({
  tokens: row.tokens === null ? null : tokensOf(row.tokens, row.tokens_estimated),
  cost:
    row.cost_usd === null
      ? null
      : {
          nanoUsd: nanoOf(row.cost_usd),
          source: row.cost_source as Cost['source'],
          estimated: row.cost_estimated ?? row.tokens_estimated,
        },
  partial: row.cost_partial,
  waste: Object.entries(row.waste_by_reason ?? wasteOf(row)).map(([reason, tokens]) => ({
    reason: reason as Waste['reason'],
    tokens,
  })),
})

const wasteOf = ({ waste }: TotalRow): Readonly<Record<string, number>> =>
  waste === null ? {} : { [waste.reason]: waste.tokens }

const tokensOf = (row: RowTokens, estimated: boolean): Tokens => ({
  input: row.input,
  cachedInput: row.cached_input,
  cacheWrite: row.cache_write ?? 0,
  audioInput: row.audio_input ?? 0,
  imageInput: row.image_input ?? 0,
  output: row.output,
  reasoning: row.reasoning,
  audioOutput: row.audio_output ?? 0,
  estimated,
})
