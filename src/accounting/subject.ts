import type { GatewayRequest } from '../core/types.ts'
import type { Subject } from '../core/settlement.ts'

/** Whom a request counts against. A caller names sessions, agents and users as it likes: they are ids inside of its key. */
export const subjectOf = ({ principal, session, agent, user }: GatewayRequest, route: string | null): Subject => ({
  key: principal.id,
  team: principal.team,
  user: user ?? principal.user,
  route,
  session,
  agent,
})
