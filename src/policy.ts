/** What the gateway goes by at one moment: replaced as a whole, never changed, and kept by each request to its end. */
import type { KeySpec } from './core/principal.ts'
import type { Limits, PolicySettings } from './core/settings.ts'
import type { Catalog } from './core/types.ts'
import { compileRoutes, type RouteTable } from './decision/route/table.ts'

export interface Policy {
  readonly settings: PolicySettings
  readonly limits: Limits
  /** Routes and the reach of keys, over the deployments that there are. */
  readonly table: RouteTable
}

/** `keys`: those of the configuration and those that are made while the gateway runs. */
export const buildPolicy = (settings: PolicySettings, keys: readonly KeySpec[], catalog: Catalog): Policy =>
  Object.freeze({ settings, limits: settings.limits, table: compileRoutes(settings.routes, keys, catalog) })
