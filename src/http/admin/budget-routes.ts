/** Budgets: what is used of them, and beginning anew. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { parseKeyInput } from '../../keys/key-input.ts'
import type { AdminRoute } from './route.ts'

export interface BudgetBook {
  /** What is used and left of each, by id. */
  states(): readonly object[] | Promise<readonly object[]>
  /** Whether a budget is called so. */
  has(name: string): boolean
  /** Sets the count of one id, or of all, to nothing; how many there were. */
  reset(name: string, id: string | null): number | Promise<number>
}

const resetBody = z.strictObject({
  id: z.string().min(1, 'is empty').max(256, 'is longer than 256 characters').optional(),
})

/** `budgets` null: the gateway counts none. */
export const budgetRoutes = (budgets: BudgetBook | null): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/budgets',
    event: null,
    answer: async () => ({ budgets: await there(budgets).states() }),
  },
  {
    method: 'POST',
    path: '/admin/budgets/:name/reset',
    event: 'budget_reset',
    answer: async ({ params, body }) => {
      const { id = null } = parseKeyInput(resetBody, body ?? {})
      const name = params['name'] ?? ''
      const book = there(budgets)
      if (!book.has(name)) throw unknown(`There is no budget "${cut(name)}"; GET /admin/budgets lists those in use.`)
      const reset = await book.reset(name, id)
      // A budget that is not in use yet is as good as set back; an id that it has never counted is a slip of the pen.
      if (id !== null && reset === 0)
        throw unknown(`Budget "${cut(name)}" has no count of "${cut(id)}"; GET /admin/budgets lists those it has.`)
      return { name, id, reset }
    },
  },
]

function there(budgets: BudgetBook | null): BudgetBook {
  if (budgets !== null) return budgets
  throw new GatewayError('not_found', 'There are no budgets: neither `budgets` nor a key of the configuration has one.')
}

const unknown = (message: string): GatewayError => new GatewayError('not_found', message)

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}..` : text)
const LONGEST = 100
