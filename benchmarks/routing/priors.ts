/** What the gateway would expect of a model before any answer. */
import { catalogueOf } from '../../src/decision/catalogue/catalogue.ts'
import { qualityBySize } from '../../src/decision/catalogue/size.ts'

const UNPRICED = { kind: 'any', priceList: null, serviceTiers: {} }

/** Success by task class: by name, else by size; empty where neither says something. */
export function priorOf(model: string, paramsB: number | null): Readonly<Record<string, number>> {
  const known = catalogueOf(UNPRICED, model)?.quality ?? {}
  return Object.keys(known).length > 0 || paramsB === null ? known : { default: qualityBySize(paramsB) }
}
