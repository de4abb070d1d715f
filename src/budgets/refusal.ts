/** A limit that stands against a request, in words. Pure. */
import { usdOf } from '../core/money.ts'
import { GatewayError } from '../core/errors.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { SpendEstimate } from '../core/settlement.ts'
import type { Block } from './count.ts'

/** When those under way may have ended. */
const SOON_MS = 1_000

export interface Refused {
  readonly spec: BudgetSpec
  /** What is counted. */
  readonly id: string
  readonly block: Block
  /** What the request may come to. */
  readonly claim: SpendEstimate
  /** Of the window, epoch ms. */
  readonly endsAt: number
  readonly now: number
}

export function refusal({ spec, id, block, claim, endsAt, now }: Refused): GatewayError {
  const { reason, held, others } = block
  const whose = spec.of === 'gateway' ? 'of the gateway' : `of ${spec.of} "${id}"`
  const limit = limitOf(spec, reason)
  const budget = `Budget "${spec.name}" ${whose}: ${limit}`
  if (reason === 'parallel') return refused(`${budget} are in flight; try again when one has ended.`, SOON_MS)
  const resets = new Date(endsAt).toISOString().replace('.000Z', 'Z')
  const need = needOf(block, claim, spec.clamp)
  if (held && others)
    return refused(
      `${budget} could be used up by the requests in flight; try again when one has ended.${need}`,
      SOON_MS,
    )
  if (held) return refused(`${budget} are nearly used up; it resets at ${resets}.${need}`, Math.max(1, endsAt - now))
  return refused(`${budget} are used up; it resets at ${resets}.`, Math.max(1, endsAt - now))
}

/** What would have to fit, and how it could. */
function needOf({ reason, left, others }: Block, { nanoUsd, tokens }: SpendEstimate, clamp: boolean): string {
  if (left === null) return ''
  const [most, rest] = reason === 'usd' ? [usdText(nanoUsd), usdText(left)] : [tokensText(tokens), tokensText(left)]
  const remedy = !clamp
    ? 'set a lower max_tokens, let the budget lower it (clamp: true), or set max_output of the model'
    : others
      ? 'requests in flight without max_tokens have reserved the rest; let them set it, or set max_output of the model'
      : 'even the shortest useful answer does not fit; send a shorter prompt or request fewer choices'
  return ` This request may take up to ${most}, and ${rest} are left: ${remedy}.`
}

const tokensText = (tokens: number): string => (tokens === 1 ? '1 token' : `${tokens} tokens`)

const usdText = (nano: number): string => `${Number(usdOf(nano).toPrecision(4))} USD`

const refused = (message: string, retryAfterMs: number): GatewayError =>
  new GatewayError('budget_exceeded', message, { retryAfterMs })

function limitOf(spec: BudgetSpec, reason: Block['reason']): string {
  const per = spec.per === null ? '' : ` ${spec.per === 'hour' ? 'an' : 'a'} ${spec.per}`
  switch (reason) {
    case 'usd':
      return `${usdOf(spec.nanoUsd!)} USD${per}`
    case 'tokens':
      return `${tokensText(spec.tokens!)}${per}`
    case 'requests':
      return `${spec.requests} requests${per}`
    case 'parallel':
      return `${spec.parallel} requests`
  }
}
