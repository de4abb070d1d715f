/** The configuration that an operator would write for a simulated fleet. Pure. */
import type { PolicySettings } from '../core/settings.ts'
import type { Member } from './fleet-spec.ts'

/** Name of the engine at a place of the fleet; a model of it. */
export const engineName = (place: number): string => `engine${place + 1}`
export const modelName = (model: number): string => `model${model + 1}`

/** Nobody listens there, and nobody is called. */
const NOWHERE = 'http://simulated.invalid'
/** Engines take all that is in a trace. */
const LONGEST = 10_000_000
const CLOUD_PRICE = { input_per_mtok_usd: 0.5, output_per_mtok_usd: 2 }

/** As text: the shipped reader makes of it what it makes of a file. */
export function configText(fleet: readonly Member[], models: number): string {
  const names = Array.from({ length: models }, (_, model) => modelName(model))
  return JSON.stringify({
    backends: fleet.map(({ kind }, place) =>
      kind === 'cloud'
        ? { name: engineName(place), kind: 'openai', key: 'simulated', url: NOWHERE, models: names, price: CLOUD_PRICE }
        : { name: engineName(place), kind, url: `${NOWHERE}:${7001 + place}`, models: names },
    ),
    models: Object.fromEntries(names.map((name) => [name, { quality: { default: 0.7 }, context: LONGEST }])),
  })
}

/** Without looks over the network: what a look would find is told by the simulation. */
export const withoutLooks = (settings: PolicySettings): PolicySettings => ({
  ...settings,
  backends: settings.backends.map((spec) => ({ ...spec, provider: { ...spec.provider, discovery: [] } })),
})
