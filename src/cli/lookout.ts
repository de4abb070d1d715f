/** Engines that appear while the gateway runs are added, on this machine where nothing was configured, else on the hosts that are listed; simulated models step back for them. */
import type { App } from '../app.ts'
import { type EngineSearch, findEngines, type Found } from '../backends/fleet/detect.ts'
import type { BackendStatus } from '../backends/fleet/fleet.ts'
import { isUp } from '../core/backend-state.ts'
import type { BackendSpec, Config } from '../core/settings.ts'

export interface LookoutOptions {
  readonly everyMs: number
  /** Backends that are wanted only while there is nothing else. */
  readonly simulated: readonly BackendSpec[]
  /** Backends of the configuration: whatever answers there, they stay as they are. */
  readonly fixed: readonly BackendSpec[]
  /** The first look is at once. */
  readonly atOnce: boolean
}

type Followed = Pick<App, 'apply' | 'events' | 'fleet' | 'log'>

export class Lookout {
  readonly #search: EngineSearch
  readonly #options: LookoutOptions
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(search: EngineSearch, options: LookoutOptions) {
    this.#search = search
    this.#options = options
  }

  /** From now on, for this gateway. `config`: what it has in force. */
  follow(app: Followed, config: Config): void {
    this.#lookIn(this.#options.atOnce ? 0 : this.#options.everyMs, app, config)
  }

  #lookIn(ms: number, app: Followed, config: Config): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look(app, config)
        .catch((thrown: unknown) => {
          // The gateway may be closed between two steps of this.
          if (!this.#abort.signal.aborted) app.log.fault('error', 'lookout', { err: thrown })
          return config
        })
        .then((inForce) => {
          if (!this.#abort.signal.aborted) this.#lookIn(this.#options.everyMs, app, inForce)
        })
    }, ms).unref()
  }

  /** Nothing is asked or changed when it resolves. */
  async close(): Promise<void> {
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#looking
  }

  /** Resolves with what is in force then. */
  async #look(app: Followed, config: Config): Promise<Config> {
    const { signal } = this.#abort
    const states = new Map(app.fleet.states().map((state) => [state.name, state]))
    // Who answers is watched anyway. At the place of one that is down there may be another kind of engine by now.
    const answering = config.backends.filter(({ name }) => states.get(name)?.state !== 'down')
    const found = await findEngines({
      ...this.#search,
      signal,
      except: new Set([...answering, ...this.#options.fixed].map(({ root }) => root)),
      taken: config.backends.map(({ name }) => name),
    })
    if (signal.aborted) return config
    const { backends, added } = succession(config.backends, found, this.#options.simulated, states)
    if (backends === config.backends) return config
    for (const { spec, models } of added) {
      const { name: backend, provider, root } = spec
      app.events.emit({ event: 'engine_found', backend, kind: provider.kind, address: new URL(root).host, models })
    }
    const next = { ...config, backends }
    await app.apply(next)
    return next
  }
}

/**
 * The backends after a look: what was found at a new place is added, what was found at the place of another kind takes it over (an engine
 * that is merely not recognised does not), and the simulated ones go once a real one has a model. The same array where nothing changes.
 */
export function succession(
  known: readonly BackendSpec[],
  found: readonly Found[],
  simulated: readonly BackendSpec[],
  states: ReadonlyMap<string, Pick<BackendStatus, 'state' | 'models'>>,
): { readonly backends: readonly BackendSpec[]; readonly added: readonly Found[] } {
  const byRoot = new Map(known.map((spec) => [spec.root, spec]))
  const added = found.filter(({ spec: { root, provider } }) => {
    const before = byRoot.get(root)
    return before === undefined || (before.provider.kind !== provider.kind && !provider.generic)
  })
  const isSimulated = ({ name }: BackendSpec): boolean => simulated.some((one) => one.name === name)
  const answers = ({ name }: BackendSpec): boolean => {
    const state = states.get(name)
    return state !== undefined && isUp(state.state) && state.models > 0
  }
  const real = added.some(({ models }) => models > 0) || known.some((spec) => !isSimulated(spec) && answers(spec))
  const stepsBack = real && known.some(isSimulated)
  if (added.length === 0 && !stepsBack) return { backends: known, added }
  const taken = new Set(added.map(({ spec }) => spec.root))
  const kept = known.filter((spec) => !taken.has(spec.root) && !(stepsBack && isSimulated(spec)))
  return { backends: [...kept, ...added.map(({ spec }) => spec)], added }
}
