/** What the ledger knows of the time before a start: counts of budgets, sessions and the last hour go on from it. */
import type { MemoryLimiter } from '../budgets/memory.ts'
import { windowOf } from '../budgets/windows.ts'
import type { LedgerEvent } from '../core/events.ts'
import type { BudgetSpec } from '../core/budget.ts'
import { type Counted, startOf } from '../core/counted.ts'
import { spentOf } from '../core/total.ts'
import type { DamageCount } from './damage.ts'
import { countedIn } from './read.ts'

export interface Followers {
  /** Null: nothing is counted. */
  readonly budgets: BudgetFollower | null
  /** What goes on from the requests of the last hours. */
  readonly recent: readonly { replay(request: Counted): void }[]
}

export interface BudgetFollower {
  readonly limiter: Pick<MemoryLimiter, 'replay'>
  /** Number of the last row that is in the counts. */
  readonly afterSeq: number
  /** Limits of a key's own, by its id. */
  readonly own: ReadonlyMap<string, readonly BudgetSpec[]>
}

export interface CatchUpTools {
  readonly damage: DamageCount
  readonly emit: (event: LedgerEvent) => void
}

/** Sessions are still under way, most likely, while their last request is no older than this. A start waits for it. */
const RECALLED_MS = 6 * 3_600_000

/** Never rejects: a gateway starts without its disk as well. */
export async function catchUp(folder: string, { budgets, recent }: Followers, tools: CatchUpTools): Promise<void> {
  const { damage, emit } = tools
  try {
    if (budgets !== null) await countAgain(folder, budgets, damage)
    const query = { since: Date.now() - RECALLED_MS, onDamage: damage.add }
    for await (const request of countedIn(folder, query)) for (const one of recent) one.replay(request)
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
    // Before the first start there is no folder.
    if (why !== 'ENOENT') emit({ event: 'ledger_not_read', why })
  }
  // What was spent by requests whose rows cannot be read is in no count. A torn end is what any kill leaves.
  const { damaged: lines, torn, newer, files, first } = damage
  if (lines > 0) emit({ event: 'ledger_damaged', lines, files, first })
  if (torn > 0) emit({ event: 'ledger_torn', lines: torn })
  if (newer > 0) emit({ event: 'ledger_newer', files: newer })
}

/** Adds to the counts what the ledger has and they do not yet: the last second before a process was killed, or all of the month. */
export async function countAgain(
  folder: string,
  { limiter, afterSeq, own }: BudgetFollower,
  damage: Pick<DamageCount, 'add'>,
): Promise<void> {
  const since = windowOf('month', Date.now()).startsAt
  const query = { afterSeq, since, onDamage: damage.add }
  for await (const request of countedIn(folder, query)) {
    const spent = spentOf(request)
    // One that was refused was never counted.
    if (spent !== null) limiter.replay(request, own.get(request.key) ?? [], startOf(request), spent)
  }
}
