/** Another configuration while the process runs: built whole, swapped at once, and what is gone is drained. */
import { isDeepStrictEqual } from 'node:util'
import type { Fleet, FleetChange } from './backends/fleet/fleet.ts'
import type { Pools } from './backends/upstream/pools.ts'
import { openDoor } from './config/cross-checks.ts'
import { ConfigError } from './config/issues.ts'
import { restartNeeded } from './config/restart.ts'
import type { Emit } from './core/events.ts'
import type { Config, PolicySettings } from './core/settings.ts'
import { asksForKeys } from './keys/asks-for-keys.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { Observers } from './observers.ts'
import { buildPolicy, type Policy } from './policy.ts'

/** What was changed. */
export interface Applied extends FleetChange {
  /** Options that differ and count after a restart only. */
  readonly needsRestart: readonly string[]
}

export interface ApplyTools {
  readonly fleet: Fleet
  readonly keys: KeyStore
  readonly pools: Pools
  readonly observers: Observers
  readonly emit: Emit
  /** In force at this moment. */
  readonly config: () => Config
  /** From now on it is in force. */
  readonly swap: (policy: Policy) => void
}

/** One configuration at a time, in the order in which they come. */
export class Applying {
  readonly #tools: ApplyTools
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(tools: ApplyTools) {
    this.#tools = tools
  }

  /**
   * Rejects with a ConfigError where it cannot be in force, and nothing has changed then. New backends are looked at first, so that
   * it resolves within `discovery.timeout`. Requests that began before it end as they began.
   */
  apply(config: Config): Promise<Applied> {
    const turn = this.#last.then(() => {
      if (this.#closed) throw new Error('the gateway is closed')
      return apply(config, this.#tools)
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** No further one is in force. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
  }
}

async function apply(wanted: Config, tools: ApplyTools): Promise<Applied> {
  const { fleet, keys, pools, observers, emit, swap } = tools
  const before = tools.config()
  const needsRestart = restartNeeded(before, wanted)
  const config = succeed(before, wanted)
  refuseOpenDoor(before, config)
  await observers.prepare(config)
  const newcomers = await fleet.introduce(config)
  // What was learnt goes over to models of which something changes.
  observers.books.flush()
  let next
  try {
    const routes = config.routes.map(({ name }) => name)
    const held = keys.plan({ fixed: config.keys, routes })
    const plan = fleet.plan(config, newcomers)
    next = { held, plan, policy: buildPolicy(config, held.specs, plan.catalog) }
  } catch (thrown) {
    await fleet.dismiss(newcomers)
    throw thrown
  }
  // All of it in one go: no request sees a part of it.
  swap(next.policy)
  const change = fleet.apply(next.plan)
  keys.apply(next.held)
  observers.apply(config)
  pools.apply({ connectMs: config.limits.connectMs, roots: new Set(config.backends.map(({ root }) => root)) })
  emit({ event: 'policy_applied', ...change, needs_restart: needsRestart })
  return { ...change, needsRestart }
}

/** What the process keeps, with what is swapped; what is equal is the object that it was, and counts go on by it. */
function succeed(
  before: Config,
  { backends, engineGroups, models, routes, keys, budgets, limits, discovery, learning }: Config,
): Config {
  const swapped: PolicySettings = {
    ...{ backends, engineGroups, models, routes, limits, discovery, learning },
    keys: kept(before.keys, keys, ({ id }) => id),
    budgets: kept(before.budgets, budgets, ({ name }) => name),
  }
  // In the order of before: the fingerprint is that of a process that began with it.
  return Object.freeze({ ...before, ...swapped })
}

function kept<T>(before: readonly T[], after: readonly T[], nameOf: (one: T) => string): readonly T[] {
  const byName = new Map(before.map((one) => [nameOf(one), one]))
  return after.map((one) => {
    const known = byName.get(nameOf(one))
    return isDeepStrictEqual(known, one) ? known! : one
  })
}

/** The last key may not go where strangers could call then. */
function refuseOpenDoor(before: Config, after: Config): void {
  if (asksForKeys(after) || before.keys.length === 0) return
  const issues = openDoor(after.server.host, after.server.auth)
  if (issues.length > 0) throw new ConfigError(issues)
}
