/** What the gateway would expect of a model before any answer. */
import { DATA } from '../../src/decision/catalogue/data.ts'
import { plainName } from '../../src/decision/catalogue/plain-name.ts'
import { beliefOf } from '../../src/decision/catalogue/quality.ts'
import { sizeOf } from '../../src/decision/catalogue/size.ts'

/** Success by task class: of the model, else by family and size; empty where neither says something. */
export function priorOf(model: string, paramsB: number | null): Readonly<Record<string, number>> {
  const name = plainName(model)
  return beliefOf(name, sizeOf(name, DATA.sizes) ?? paramsB, DATA.sizes)?.quality ?? {}
}
