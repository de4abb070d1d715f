/**
 * An engine that tells the context of loaded models only is made to load one, by a request that generates nothing. It is asked where a
 * prompt fits no context that is known: else a machine with much memory would refuse long prompts until a short one has come.
 */
import { BoundedMap } from '../../core/bounded-map.ts'
import type { Deployment } from '../../core/types.ts'
import type { HttpClient } from '../upstream/http-client.ts'
import { ask, credentials } from './ask.ts'
import { bodyFor } from './discover.ts'

/** One that was not loaded is not asked for again so soon. */
const REST_MS = 60_000
const MOST_RESTING = 256

export class FirstLoads {
  readonly #now: () => number
  /** By deployment. */
  readonly #under = new Map<string, Promise<boolean>>()
  /** Until when. */
  readonly #resting = new BoundedMap<string, number>(MOST_RESTING)

  constructor(now: () => number) {
    this.#now = now
  }

  /** True where it was loaded; all that ask meanwhile wait for one load. Never rejects. `loadMs`: the longest load, `waitMs`: of this wait. */
  async load(deployment: Deployment, client: HttpClient, loadMs: number, waitMs: number): Promise<boolean> {
    const { id } = deployment
    if ((this.#resting.get(id) ?? 0) > this.#now() || waitMs <= 0) return false
    let loading = this.#under.get(id)
    if (loading === undefined) {
      loading = asked(deployment, client, loadMs).catch(() => false)
      this.#under.set(id, loading)
      void loading.then(() => {
        this.#under.delete(id)
        // Where that did not tell its context, a second one would not either.
        this.#resting.renew(id, this.#now() + REST_MS)
      })
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, waitMs, false)))
    return await Promise.race([loading, late]).finally(() => clearTimeout(timer))
  }
}

async function asked({ backend, model }: Deployment, client: HttpClient, loadMs: number): Promise<boolean> {
  const { loads = null } = backend.provider
  if (loads === null) return false
  const { status } = await ask(client, {
    url: backend.root + loads.path,
    method: 'POST',
    headers: credentials(backend),
    body: bodyFor(loads.body, model),
    signal: AbortSignal.timeout(loadMs),
  })
  return status === 200
}
