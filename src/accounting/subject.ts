import type { GatewayRequest } from '../core/types.ts'
import type { Subject } from '../core/settlement.ts'

/** Whom a request counts against. A caller names sessions, agents and users as it likes: they are ids inside of its key. */
export const subjectOf = (request: GatewayRequest, route: string | null): Subject => ({
  key: request.principal.id,
  team: request.principal.team,
  user: userOf(request),
  route,
  session: request.session,
  agent: request.agent,
})

export const userOf = ({ user, principal }: GatewayRequest): string | null => user ?? principal.user
