/** A total in a row of the ledger: what is read back from a row is what was written. Field names are contract. Pure. */
import { nanoUsdOf, usdText } from './money.ts'
import { keyed } from './keyed.ts'
import { type NamedTokens, TOKEN_KINDS, type TokenName, TOKENS } from './tokens.ts'
import type { Cost, Tokens, Total, Waste } from './settlement.ts'
import { wasteInAll } from './total.ts'

export interface TotalRow {
  /** Null = unknown, or none. */
  readonly tokens: NamedTokens | null
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

/** Texts are put together by hand: that takes half of what a stringified object does, a loop over the kinds three times as long. No braces. */
export function totalText({ tokens, cost, partial, waste }: Total): string {
  return (
    `${tokensText(tokens)},"cost_usd":${cost === null ? 'null' : usdText(cost.nanoUsd)},"cost_partial":${partial}` +
    `,"cost_source":${cost === null ? 'null' : `"${cost.source}"`},"cost_estimated":${cost?.estimated ?? false}` +
    `,"waste":${wasteText(waste)}`
  )
}

function tokensText(tokens: Tokens | null): string {
  if (tokens === null) return '"tokens":null,"tokens_estimated":false'
  const { cacheWrite, hourCacheWrite, audioInput, audioOutput, imageInput } = tokens
  const rare =
    cacheWrite + audioInput + audioOutput + imageInput === 0
      ? ''
      : more('cache_write', cacheWrite) +
        more('cache_write_1h', hourCacheWrite) +
        more('audio_input', audioInput) +
        more('audio_output', audioOutput) +
        more('image_input', imageInput)
  return (
    `"tokens":{"input":${tokens.input},"cached_input":${tokens.cachedInput},"output":${tokens.output}` +
    `,"reasoning":${tokens.reasoning}${rare}},"tokens_estimated":${tokens.estimated}`
  )
}

const more = (kind: TokenName, count: number): string => (count === 0 ? '' : `,"${kind}":${count}`)

function wasteText(waste: readonly Waste[]): string {
  const last = wasteInAll({ waste })
  if (last === null) return 'null'
  const all = `{"reason":"${last.reason}","tokens":${last.tokens}}`
  return waste.length === 1
    ? all
    : `${all},"waste_by_reason":{${waste.map(({ reason, tokens }) => `"${reason}":${tokens}`).join(',')}}`
}

/** Rows of earlier versions hold less: what they lack is 0 or unknown. */
export const totalOfRow = (row: TotalRow): Total => ({
  tokens: row.tokens === null ? null : tokensOf(row.tokens, row.tokens_estimated),
  cost:
    row.cost_usd === null
      ? null
      : {
          nanoUsd: nanoUsdOf(row.cost_usd),
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

const tokensOf = (row: NamedTokens, estimated: boolean): Tokens => ({
  ...keyed(TOKEN_KINDS, (kind) => row[TOKENS[kind].name] ?? 0),
  estimated,
})
