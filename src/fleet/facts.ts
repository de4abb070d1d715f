/** What is known of a model on a backend, from all who say something: the operator first, then the engine, then the name. */
import { type BackendSpec, CAPABILITIES, type Config, type ModelFacts } from '../core/settings.ts'
import { kindByName, spellings } from './model-names.ts'
import type { Described } from './read-list.ts'

/** `found` null: the model is declared, and the engine says nothing of it. */
export function factsOf(
  spec: BackendSpec,
  model: string,
  found: Described | null,
  operator: Config['models'],
): ModelFacts {
  const own = (name: string): ModelFacts | undefined => (Object.hasOwn(operator, name) ? operator[name] : undefined)
  const names = spellings(model)
  const said = [...names.map((name) => own(`${spec.name}/${name}`)), ...names.map(own)].filter(
    (one) => one !== undefined,
  )
  const first = <T>(pick: (facts: ModelFacts) => T | null): T | null => {
    for (const facts of said) {
      const value = pick(facts)
      if (value !== null) return value
    }
    return null
  }
  const later = said.toReversed()
  const capabilities = { ...discovered(model, found) }
  for (const facts of later) Object.assign(capabilities, facts.capabilities)
  return {
    aliases: [...new Set(said.flatMap((facts) => facts.aliases))],
    capabilities: inOrder(capabilities),
    context: first((facts) => facts.context) ?? found?.context ?? null,
    price: first((facts) => facts.price) ?? spec.price,
    quality: Object.assign({}, ...later.map((facts) => facts.quality)) as ModelFacts['quality'],
    efforts: said.find((facts) => facts.efforts.length > 0)?.efforts ?? [],
    paramsB: first((facts) => facts.paramsB),
  }
}

function discovered(model: string, found: Described | null): ModelFacts['capabilities'] {
  const said = found?.capabilities ?? {}
  const tellsKind = said.chat !== undefined || said.embeddings !== undefined || said.rerank !== undefined
  return tellsKind ? said : { ...said, ...kindByName(model) }
}

/** The same capabilities in the order of the table, so that facts can be compared as text. */
function inOrder(capabilities: ModelFacts['capabilities']): ModelFacts['capabilities'] {
  return Object.fromEntries(
    CAPABILITIES.filter((one) => capabilities[one] !== undefined).map((one) => [one, capabilities[one]]),
  )
}

/** Whether two facts say the same. */
export function sameFacts(a: ModelFacts, b: ModelFacts): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
