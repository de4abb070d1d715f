/** What a route of the admin API is. */
import type { AdminChange } from '../../core/events.ts'

export interface AdminRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Of what succeeds; 200 where absent. */
  readonly status?: 201
  /** What happens by it; null for what only looks. */
  readonly event: AdminChange | null
  /** Throws a GatewayError. */
  answer(request: AdminRequest): object | Promise<object>
}
