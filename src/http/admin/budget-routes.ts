/** Budgets: what is used of them, and beginning anew. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { parse } from '../../keys/key-input.ts'
import type { AdminRoute } from './route.ts'

export interface BudgetBook {
  /** What is used and left of each, by id. */
  states(): readonly object[]
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
    answer: () => ({ budgets: there(budgets).states() }),
  },
  {
    method: 'POST',
    path: '/admin/budgets/:name/reset',
    event: 'budget_reset',
    answer: async ({ params, body }) => {
      const { id = null } = parse(resetBody, body ?? {})
      const name = params['name'] ?? ''
      return { name, id, reset: await there(budgets).reset(name, id) }
    },
  },
]

function there(budgets: BudgetBook | null): BudgetBook {
  if (budgets !== null) return budgets
  throw new GatewayError('not_found', 'There are no budgets: neither `budgets` nor a key of the configuration has one.')
}
