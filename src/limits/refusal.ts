/** A limit that stands against a request, in words. Pure. */
import { GatewayError } from '../core/errors.ts'
import type { BudgetSpec } from '../core/principal.ts'
import type { Block } from './count.ts'

/** When those under way may have ended. */
const SOON_MS = 1_000

/** `id`: what is counted; `endsAt`: of the window, epoch ms. */
export function refusal(
  spec: BudgetSpec,
  id: string,
  { reason, held }: Block,
  endsAt: number,
  now: number,
): GatewayError {
  const whose = spec.of === 'gateway' ? 'of the gateway' : `of ${spec.of} "${id}"`
  const limit = limitOf(spec, reason)
  const budget = `Budget "${spec.name}" ${whose}: ${limit}`
  if (reason === 'parallel') return refused(`${budget} are in flight; try again when one has ended.`, SOON_MS)
  if (held) return refused(`${budget} may be used up by the requests in flight; try again when one has ended.`, SOON_MS)
  const resets = new Date(endsAt).toISOString().replace('.000Z', 'Z')
  return refused(`${budget} are used up; it resets at ${resets}.`, Math.max(1, endsAt - now))
}

const refused = (message: string, retryAfterMs: number): GatewayError =>
  new GatewayError('budget_exceeded', message, { retryAfterMs })

function limitOf(spec: BudgetSpec, reason: Block['reason']): string {
  const per = spec.per === null ? '' : ` ${spec.per === 'hour' ? 'an' : 'a'} ${spec.per}`
  switch (reason) {
    case 'usd':
      return `${spec.nanoUsd! / 1e9} USD${per}`
    case 'tokens':
      return `${spec.tokens} tokens${per}`
    case 'requests':
      return `${spec.requests} requests${per}`
    case 'parallel':
      return `${spec.parallel} requests`
  }
}
