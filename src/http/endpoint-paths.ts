/** Endpoints by path. One `*` in the path of an endpoint stands for a name, which may hold slashes and colons. */
import type { Endpoint } from '../core/endpoints.ts'

export class EndpointPaths {
  readonly #fixed: ReadonlyMap<string, Endpoint>
  readonly #open: readonly { readonly start: string; readonly end: string; readonly endpoint: Endpoint }[]

  constructor(endpoints: readonly Endpoint[]) {
    this.#fixed = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
    this.#open = endpoints.flatMap((endpoint) => {
      const [start = '', end] = endpoint.path.split('*')
      return end === undefined ? [] : [{ start, end, endpoint }]
    })
  }

  at(path: string): Endpoint | null {
    const fixed = this.#fixed.get(path)
    if (fixed !== undefined) return fixed
    for (const { start, end, endpoint } of this.#open)
      if (path.length > start.length + end.length && path.startsWith(start) && path.endsWith(end)) return endpoint
    return null
  }
}
