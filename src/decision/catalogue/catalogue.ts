/** What is publicly known of a model by its name, before any engine or operator says something. */
import type { Provider } from '../../core/provider.ts'
import type { Price } from '../../core/settings.ts'
import type { Capability, Effort } from '../../core/capabilities.ts'
import { DATA } from './data.ts'
import { plainName } from './plain-name.ts'
import { listed } from './prices.ts'
import { type Belief, beliefOf } from './quality.ts'
import { sizeOf } from './size.ts'

export interface CatalogueEntry {
  /** List price of a cloud; null for what runs on hardware of the operator, and where nobody knows. */
  readonly price: Price | null
  /** Of a cloud's model; an engine decides that by itself. */
  readonly context: number | null
  /** Tokens of its longest answer. */
  readonly maxOutput: number | null
  /** Billions of parameters, all experts together; null for closed models. */
  readonly paramsB: number | null
  /** How hard this family can be asked to think. */
  readonly efforts: readonly Effort[]
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>
  /** How good it is believed to be; null: nobody knows. */
  readonly belief: Belief | null
  /** Where each part comes from. */
  readonly sources: readonly string[]
}

const HALF_HOUR_MS = 30 * 60_000
/** More names than any list of models has: a backend that invents names must not fill the memory. */
const MOST_KEPT = 20_000

interface Kept {
  readonly entry: CatalogueEntry | null
  /** Epoch ms; a price that depends on the hour is looked up again after it. */
  readonly until: number
}

const kept = new Map<string, Kept>()

/** What the catalogue asks of a kind of backend. */
export type Priced = Pick<Provider, 'kind' | 'priceList' | 'serviceTiers'>

/** Null where nothing is known. `now`: epoch ms, for prices that change with the hour or the day. */
export function catalogueOf(provider: Priced, model: string, now: number = Date.now()): CatalogueEntry | null {
  const key = `${provider.kind}\n${model}`
  const before = kept.get(key)
  if (before !== undefined && now < before.until) return before.entry
  const fresh = lookUp(provider, model, now)
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(key, fresh)
  return fresh.entry
}

function lookUp({ priceList: list, serviceTiers }: Priced, model: string, now: number): Kept {
  const name = plainName(model)
  const price = list === null ? null : listed(list, model, new Date(now))
  const size = sizeOf(name, DATA.sizes)
  const efforts = DATA.efforts.find(({ match }) => match.test(name))
  const capabilities = DATA.capabilities.find(({ match }) => match.test(name))
  const longest = DATA.max_output.find(({ match }) => match.test(name))
  const belief = beliefOf(name, size, DATA.sizes)
  const sources = [
    ...(price === null ? [] : [`price list of ${list}`]),
    ...[efforts, capabilities, longest].flatMap((part) => (part === undefined ? [] : [part.source])),
    ...(size === null ? [] : ['size']),
    ...(belief === null ? [] : [BELIEF_SOURCES[belief.origin]]),
  ]
  const until = price?.hourly === true ? (Math.floor(now / HALF_HOUR_MS) + 1) * HALF_HOUR_MS : Infinity
  if (sources.length === 0) return { entry: null, until }
  const entry: CatalogueEntry = {
    price: price?.price ? { ...price.price, serviceTiers } : null,
    context: price?.context ?? null,
    maxOutput: longest?.tokens ?? null,
    paramsB: size,
    efforts: efforts?.efforts ?? [],
    capabilities: capabilities?.capabilities ?? {},
    belief,
    sources: [...new Set(sources)],
  }
  return { entry, until }
}

const BELIEF_SOURCES: Readonly<Record<Belief['origin'], string>> = {
  figures: 'published benchmarks of the model',
  family: 'published benchmarks of its family',
  size: 'published benchmarks of models of its size',
}
