/** The routers that go by the policies. */
import { DEFAULT_STRATEGY, type Strategy, STRATEGY_NAMES, strategyNamed } from '../core/strategies.ts'
import type { PolicySettings } from '../core/settings.ts'
import { CLOUD_MODEL, ENGINE_MODELS, type Member } from './fleet-spec.ts'
import { FORMULAE } from './formulae.ts'
import { POLICY_NAMES } from './policy-names.ts'
import { Published, type Told } from './published.ts'
import type { NewRouter } from './run.ts'
import { Shipped } from './shipped.ts'

export interface SimulatedPolicy {
  /** As it was asked for: `epp`, `turnout`, `turnout:least_busy`. */
  readonly name: string
  readonly newRouter: (fleet: readonly Member[], settings: PolicySettings) => NewRouter
}

/** The policy of this name, or what is wrong with it. */
export function policyNamed(name: string): SimulatedPolicy | string {
  const [own = '', wish] = name.split(':')
  const known = POLICY_NAMES.find((one) => one === own)
  if (known === undefined) return `there is no policy "${own}"; there are ${POLICY_NAMES.join(', ')}`
  if (known === 'turnout') {
    const strategy = wish === undefined ? null : strategyNamed(wish)
    if (strategy === null && wish !== undefined)
      return `"${wish}" is no strategy; there are ${STRATEGY_NAMES.join(', ')}`
    return { name, newRouter: shipped(strategy) }
  }
  if (wish !== undefined) return `only turnout takes a strategy, as in turnout:${DEFAULT_STRATEGY}`
  const choosing = known === 'round_robin' ? 'turns' : known === 'power_of_two' ? 'two' : FORMULAE[known]
  return {
    name,
    newRouter: (fleet) => (readings, random) => new Published(choosing, fleet.map(toldOf), readings, random),
  }
}

const shipped =
  (strategy: Strategy | null): SimulatedPolicy['newRouter'] =>
  (_fleet, settings) =>
  (_readings, random) =>
    new Shipped(settings, strategy, random)

const toldOf = ({ kind, speed }: Member): Told =>
  kind === 'cloud'
    ? { rate: 1 / CLOUD_MODEL.inputSeconds, cacheBlocks: 0 }
    : { rate: ENGINE_MODELS[kind].prefill * speed, cacheBlocks: ENGINE_MODELS[kind].cacheBlocks }
