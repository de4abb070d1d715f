/** What a call has taken of its backend. Pure. */
import type { Spent } from '../backends/gate/pass.ts'
import type { Attempt } from './attempt.ts'

/** What counts of it against the limits of its backend; null: as much as was expected. */
export function spentOf({ exchange }: Attempt): Spent | null {
  const usage = exchange.track.settled ?? exchange.track.reported
  if (usage !== null) return usage
  const refused = !exchange.sent || exchange.unread || (exchange.status !== null && exchange.status >= 400)
  return refused ? { input: 0, output: 0 } : null
}
