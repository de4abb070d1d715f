/** How the name of a model tells its size. Pure. */
import type { CatalogueData } from './data.ts'

const EXPERTS = /(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])/
/** Not the `a3b` of active parameters, and not the `4bit` of a quantization. */
const BILLIONS = /(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z0-9])/
/** After a family that ends with a digit or letters: `llama3-8b` is above, this is `qwen2.5-0.5b` and `smollm2-135m`. */
const MILLIONS = /(?<![a-z0-9.])(\d{2,3})m(?![a-z0-9])/
const TRILLIONS = /(?<![a-z0-9.])(\d(?:\.\d+)?)t(?![a-z0-9])/

/** Billions of parameters in all, active or not, by a plain name; null where neither the name nor the table tells. */
export function sizeOf(name: string, table: CatalogueData['sizes']): number | null {
  const known = table.find(({ match }) => match.test(name))
  if (known !== undefined) return known.billions
  const experts = EXPERTS.exec(name)
  if (experts !== null) return Number(experts[1]) * Number(experts[2])
  const found = (pattern: RegExp, scale: number): number | null => {
    const digits = pattern.exec(name)?.[1]
    const billions = digits === undefined ? 0 : Number(digits) * scale
    return billions > 0 ? billions : null
  }
  return found(BILLIONS, 1) ?? found(TRILLIONS, 1000) ?? found(MILLIONS, 0.001)
}
