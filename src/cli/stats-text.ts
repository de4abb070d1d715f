/** What `turnout stats` prints: one screen of 80 columns. */
import type { ShownBudget } from '../budgets/shown.ts'
import { count, dollars, headlineLines, percent } from '../observe/headline/headline-text.ts'
import type { Headline } from '../observe/headline/headline.ts'
import { plain } from '../observe/explain/figures.ts'
import { ageText } from './age.ts'
import { fittedTable } from './fitted-table.ts'

/** What is asked of a budget here: what is under way is known to the gateway alone. */
export type SpentBudget = Pick<ShownBudget, 'budget' | 'of' | 'id' | 'per' | 'resets_at' | 'limit' | 'used'>

export const headlineTable = (headline: Headline): string =>
  headlineLines(headline)
    .map(({ name, value, beside }) => `  ${name.padEnd(14)}  ${value.padStart(10)}   ${beside}\n`)
    .join('')

/** Whoever names sessions makes budgets by the thousand: those that are nearest to their limit. */
const MOST = 12

/** `now`: epoch ms. */
export function budgetTable(budgets: readonly SpentBudget[], now: number): string {
  const lines = budgets.flatMap((budget) => linesOf(budget, now)).sort((one, other) => other.share - one.share)
  if (lines.length === 0) return 'no budgets\n'
  const more = lines.length - MOST
  return (
    fittedTable(
      ['budget', 'of', 'spent', 'limit', 'share', 'resets'],
      lines.slice(0, MOST).map(({ cells }) => cells),
      2,
    ) + (more > 0 ? `and ${more} more, less spent; --json has them all\n` : '')
  )
}

interface Line {
  readonly share: number
  readonly cells: readonly string[]
}

/** One for each of its limits. Requests in flight are no spending. */
function linesOf({ budget, of, id, per, resets_at, limit, used }: SpentBudget, now: number): Line[] {
  const limits: readonly (readonly [
    limit: number | null,
    used: number,
    words: (value: number) => string,
    unit: string,
  ])[] = [
    [limit.usd, used.usd ?? 0, dollars, ''],
    [limit.tokens, used.tokens, count, ' tokens'],
    [limit.requests, used.requests, count, ' requests'],
  ]
  return limits.flatMap(([most, spent, words, unit]) => {
    if (most === null) return []
    const share = most === 0 ? 1 : spent / most
    const whom = of === 'gateway' ? 'gateway' : `${of} ${plain(id)}`
    const resets = resets_at === null ? 'never' : `${per}, in ${ageText(Date.parse(resets_at) - now)}`
    return [{ share, cells: [plain(budget), whom, words(spent), words(most) + unit, percent(share), resets] }]
  })
}
