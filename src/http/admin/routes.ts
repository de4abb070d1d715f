/** The one table of the admin API: every route stands here, and `server.ts` asks for the token before each of them. */
import type { Fleet } from '../../backends/fleet/fleet.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import type { LastHour } from '../../observe/headline/last-hour.ts'
import type { LastWeek } from '../../observe/savings/last-week.ts'
import { backendRoutes } from './backend-routes.ts'
import { type BudgetBook, budgetRoutes } from './budget-routes.ts'
import { keyRoutes } from './key-routes.ts'
import type { AdminRoute } from './route.ts'
import { type SessionBook, sessionRoutes } from './session-routes.ts'
import { statsRoutes } from './stats-routes.ts'

/** What the admin API shows and changes. */
export interface AdminTools {
  readonly keys: KeyStore
  readonly fleet: Pick<Fleet, 'states' | 'catalog'>
  /** Null: there are none. */
  readonly budgets: BudgetBook | null
  readonly sessions: SessionBook | null
  readonly lastHour: Pick<LastHour, 'sums'>
  readonly lastWeek: Pick<LastWeek, 'savings'>
  /** The fleet's clock, ms. */
  readonly now: () => number
}

export const adminRoutes = ({ keys, fleet, budgets, sessions, lastHour, lastWeek, now }: AdminTools): AdminRoute[] => [
  ...keyRoutes(keys),
  ...budgetRoutes(budgets),
  ...sessionRoutes(sessions),
  ...statsRoutes(lastHour, lastWeek, budgets),
  ...backendRoutes(fleet, now),
]
