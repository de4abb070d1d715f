/** What is spent of budgets, as a gateway that started now would count it. Only reads, so a gateway may run meanwhile. */
import { readFile } from 'node:fs/promises'
import { countsPath } from '../budgets/counts-file.ts'
import type { BudgetState } from '../budgets/limiter.ts'
import { MemoryLimiter } from '../budgets/memory.ts'
import { QUIET } from '../budgets/quiet.ts'
import { type LimitsSnapshot, snapshotSchema } from '../budgets/snapshot.ts'
import type { BudgetSpec } from '../core/budget.ts'
import { countAgain } from './catch-up.ts'
import type { DamageCount } from './damage.ts'

/** `own`: limits of keys, by their ids. Of what is under way nothing is known. Rejects where the folder cannot be read. */
export async function budgetsNow(
  folder: string,
  budgets: readonly BudgetSpec[],
  own: ReadonlyMap<string, readonly BudgetSpec[]>,
  damage: Pick<DamageCount, 'add'>,
): Promise<BudgetState[]> {
  const limiter = new MemoryLimiter(budgets, {
    ...QUIET,
    own: () => [...own.values()].flat(),
  })
  const saved = await savedCounts(folder)
  if (saved !== null) limiter.restore(saved)
  await countAgain(folder, { limiter, afterSeq: saved?.seq ?? 0, own }, damage)
  await limiter.close()
  return limiter.states()
}

/** Null where there are none, or none that are of use: the rows of the month are counted instead. */
async function savedCounts(folder: string): Promise<LimitsSnapshot | null> {
  try {
    return snapshotSchema.safeParse(JSON.parse(await readFile(countsPath(folder), 'utf8'))).data ?? null
  } catch {
    return null
  }
}
