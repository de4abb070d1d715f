/** The most that a request may come to, before it is sent. Pure. */
import type { Claim } from '../core/settlement.ts'
import type { RequestProfile, RoutePlan, Target } from '../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { tpotOf, ttftOf } from '../learn/latency.ts'
import { usualLength } from '../learn/length.ts'
import { NO_TOKENS } from '../protocol/usage.ts'
import { costOf } from './cost.ts'

/** Where the caller names no limit of output: times what nine of ten answers stay below. */
const MARGIN = 2

/** The dearest of those that may be asked; nothing is taken for cached. Unknown prices count nothing. */
export function claimOf({ order, profile, limits }: RoutePlan): Claim {
  let nanoUsd = 0
  let tokens = 0
  for (const target of order.slice(0, limits.attempts)) {
    const input = Math.ceil(calibrated(profile.inputTokens, target.deployment.calibration))
    const output = Math.ceil(mostOutput(target, profile, input))
    const { latency, live, facts } = target.deployment
    const open = live.inflight
    const seconds = (ttftOf(latency, input, open) + output * tpotOf(latency, open)) / (1 + open)
    const cost = costOf({ ...NO_TOKENS, input, output }, facts.price, seconds)
    nanoUsd = Math.max(nanoUsd, cost?.nanoUsd ?? 0)
    tokens = Math.max(tokens, input + output)
  }
  return { nanoUsd, tokens }
}

function mostOutput({ deployment, arm }: Target, { sense, maxOutput }: RequestProfile, input: number): number {
  if (sense === null) return 0
  const { context } = deployment.facts
  const room = context === null ? Infinity : Math.max(0, context - input)
  return Math.min(room, maxOutput ?? MARGIN * usualLength(arm, sense) * arm.factors.most)
}
