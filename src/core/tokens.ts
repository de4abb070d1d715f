/**
 * Kinds of tokens, one row each. Sums, rows of the ledger, metrics, options of prices and the worst case of a request are made from
 * these rows. What wire formats and price lists call a kind is theirs to know, and what it costs beside the others is in rates.ts.
 */
import { keyed, keysOf } from './keyed.ts'

export interface TokenRow {
  /** In rows of the ledger, in the label of metrics and in options of prices. */
  readonly name: string
  /** What it is a part of; it is counted in both. */
  readonly partOf: 'input' | 'output' | null
  /** Only where there is such in the request, or is asked for: a medium, or a mark that keeps the prompt for an hour. Null: there may always be some. */
  readonly medium: 'audio' | 'image' | 'hour' | null
  /** Most answers have none of it: rows and metrics have it only where there is some. */
  readonly rare: boolean
  /** What its rate is for. */
  readonly priced: string
}

export const TOKENS = {
  input: { name: 'input', partOf: null, medium: null, rare: false, priced: 'input tokens' },
  cachedInput: {
    name: 'cached_input',
    partOf: 'input',
    medium: null,
    rare: false,
    priced: 'input tokens that were read from the cache',
  },
  cacheWrite: {
    name: 'cache_write',
    partOf: 'input',
    medium: null,
    rare: true,
    priced: 'input tokens that were written into the cache',
  },
  /** Of those in `cacheWrite`. */
  hourCacheWrite: {
    name: 'cache_write_1h',
    partOf: 'input',
    medium: 'hour',
    rare: true,
    priced: 'input tokens that were written into the cache for an hour; the rate of other writes where absent',
  },
  audioInput: { name: 'audio_input', partOf: 'input', medium: 'audio', rare: true, priced: 'input tokens of audio' },
  imageInput: { name: 'image_input', partOf: 'input', medium: 'image', rare: true, priced: 'input tokens of images' },
  output: { name: 'output', partOf: null, medium: null, rare: false, priced: 'output tokens' },
  reasoning: {
    name: 'reasoning',
    partOf: 'output',
    medium: null,
    rare: false,
    priced: 'output tokens of reasoning; the rate of other output where absent',
  },
  audioOutput: {
    name: 'audio_output',
    partOf: 'output',
    medium: 'audio',
    rare: true,
    priced: 'output tokens of audio',
  },
} as const satisfies Readonly<Record<string, TokenRow>>

export type TokenKind = keyof typeof TOKENS
/** Tokens by kind; what is part of something else is counted in both. */
export type TokenCounts = Readonly<Record<TokenKind, number>>

type NameOf<K extends TokenKind> = (typeof TOKENS)[K]['name']
type RareKind = { [K in TokenKind]: (typeof TOKENS)[K]['rare'] extends true ? K : never }[TokenKind]
type CommonKind = Exclude<TokenKind, RareKind>

/** Tokens under the names of rows; a rare kind is absent where there is none. */
export type NamedTokens = Readonly<Record<NameOf<CommonKind>, number> & Partial<Record<NameOf<RareKind>, number>>>

export type TokenName = NameOf<TokenKind>

export const TOKEN_KINDS = keysOf(TOKENS)
export const TOKEN_NAMES: readonly TokenName[] = TOKEN_KINDS.map((kind) => TOKENS[kind].name)

/** Of kinds that there are only with a medium: of the parts of input the media of a prompt, of those of output the media of an answer. */
export interface Media {
  readonly audio: boolean
  readonly image: boolean
  readonly hour: boolean
}

export const partsOf = (whole: 'input' | 'output', media: Media): readonly TokenKind[] =>
  TOKEN_KINDS.filter((kind) => {
    const { partOf, medium } = TOKENS[kind]
    return partOf === whole && (medium === null || media[medium])
  })

export const NO_COUNTS: TokenCounts = keyed(TOKEN_KINDS, () => 0)

/** What a kind costs, in a price: USD for a million tokens. */
export type RateName = `${TokenKind}PerMtok`
/** The same, in the configuration. */
export type RateOption = `${TokenName}_per_mtok_usd`

export const rateName = <K extends TokenKind>(kind: K): `${K}PerMtok` => `${kind}PerMtok`
export const rateOption = (kind: TokenKind): RateOption => `${TOKENS[kind].name}_per_mtok_usd`

export const RATE_NAMES: readonly RateName[] = TOKEN_KINDS.map(rateName)
