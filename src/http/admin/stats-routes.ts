/** The headline numbers and the budgets, at a glance. */
import { headlineOf } from '../../observe/headline/headline.ts'
import type { LastHour } from '../../observe/headline/last-hour.ts'
import type { LastWeek } from '../../observe/savings/last-week.ts'
import type { BudgetBook } from './budget-routes.ts'
import type { AdminRoute } from './route.ts'

/** `budgets` null: the gateway counts none. */
export const statsRoutes = (
  lastHour: Pick<LastHour, 'sums'>,
  lastWeek: Pick<LastWeek, 'savings'>,
  budgets: BudgetBook | null,
): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/savings',
    event: null,
    answer: () => Promise.resolve({ savings: lastWeek.savings() }),
  },
  {
    method: 'GET',
    path: '/admin/stats',
    event: null,
    answer: async () => ({
      last_hour: headlineOf(lastHour.sums()),
      budgets: budgets === null ? [] : await budgets.states(),
    }),
  },
]
