/** What a route of the admin API is. */

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
  /** What is written into the log, with the id of the path or the answer; null for what only looks. */
  readonly event: string | null
  /** Throws a GatewayError. */
  answer(request: AdminRequest): object | Promise<object>
}
