/**
 * The end of a request, called exactly once, on every path out: what the next one depends on is done at once (budgets, the fleet, where its
 * conversation was answered), and all else goes to the books.
 */
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { SpendEstimate } from '../core/settlement.ts'
import { spentOf } from '../core/total.ts'
import type { Conversations } from '../decision/route/conversations.ts'
import { foreseenOf } from './claim.ts'
import type { Books } from './books.ts'
import type { Checker } from './fit.ts'
import type { RequestLife } from './request-life.ts'
import { concluded, type FinalSummary } from './summary.ts'
import { follow } from './teach.ts'

export interface SettleTools {
  readonly fleet: Pick<Fleet, 'overran'>
  readonly conversations: Conversations
  readonly books: Pick<Books, 'add'>
  /** Checks answers against schemas, off the event loop. */
  readonly checker: Checker
}

/** Null: it is settled. Else its answer is still checked, in another thread. */
export function settle(life: RequestLife, tools: SettleTools): Promise<void> | null {
  life.attempts?.end(life.error)
  const { summary } = life
  if (summary.check !== null)
    return tools.checker.check(summary.check).then((result) => close(life, concluded(life, summary, result), tools))
  close(life, summary, tools)
  return null
}

function close(life: RequestLife, final: FinalSummary, tools: SettleTools): void {
  const endedAt = Date.now()
  const spent = spentOf({ calls: final.attempts.length, tokens: final.total.tokens, cost: final.total.cost })
  life.reservation?.settle(spent)
  if (spent !== null) noteOverrun(life, spent, tools.fleet)
  follow(life, final.totalMs, tools.conversations)
  tools.books.add({ life, summary: final, endedAt })
}

/** What no price and no limit foretold is set aside from now on. */
function noteOverrun(life: RequestLife, spent: SpendEstimate, fleet: SettleTools['fleet']): void {
  const { request, plan, reservation, attempts } = life
  const claim = reservation?.claim ?? null
  const attempt = life.answer ?? attempts?.made.at(-1)
  if (claim === null || plan === null || attempt === undefined) return
  if (spent.nanoUsd <= claim.nanoUsd && spent.tokens <= claim.tokens) return
  const { nanoUsd, tokens } = foreseenOf(request, plan)
  fleet.overran(attempt.deployment, { nanoUsd: spent.nanoUsd - nanoUsd, tokens: spent.tokens - tokens })
}
