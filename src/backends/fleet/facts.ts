/** What is known of a model on a backend, from all who say something: the operator first, then the engine, then the catalogue. */
import { catalogueOf, type CatalogueEntry } from '../../decision/catalogue/catalogue.ts'
import { lacksEverywhere } from '../../core/ask-place.ts'
import { steerable } from '../../core/effort-rule.ts'
import type { BackendSpec, Config, ModelFacts } from '../../core/settings.ts'
import { CAPABILITIES } from '../../core/capabilities.ts'
import { kindByName, spellings } from './model-names.ts'
import type { Described } from './read-list.ts'

/** `found` null: the model is declared, and the engine says nothing of it. */
export function modelFactsOf(
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
  const wishes = {
    numCtx: first((facts) => facts.wishes.numCtx) ?? spec.numCtx,
    keepAlive: first((facts) => facts.wishes.keepAlive) ?? spec.keepAlive,
    think: first((facts) => facts.wishes.think) ?? spec.think,
  }
  const known = catalogueOf(spec.provider, model)
  const { capabilities, efforts } = skillsOf(spec, model, found, said, known)
  const quality = Object.assign({}, ...said.toReversed().map((facts) => facts.quality)) as ModelFacts['quality']
  return {
    aliases: [...new Set(said.flatMap((facts) => facts.aliases))],
    capabilities,
    context: first((facts) => facts.context) ?? wishes.numCtx ?? found?.context ?? known?.context ?? null,
    maxOutput: first((facts) => facts.maxOutput) ?? known?.maxOutput ?? null,
    price: first((facts) => facts.price) ?? spec.price ?? known?.price ?? null,
    quality: qualityOf(quality, known),
    efforts,
    paramsB: first((facts) => facts.paramsB) ?? known?.paramsB ?? null,
    wishes,
  }
}

/** `said`: the operator's words, the most special ones first. */
function skillsOf(
  spec: BackendSpec,
  model: string,
  found: Described | null,
  said: readonly ModelFacts[],
  known: CatalogueEntry | null,
): Pick<ModelFacts, 'capabilities' | 'efforts'> {
  const capabilities = { ...known?.capabilities, ...discovered(model, found) }
  for (const lack of lacksEverywhere(spec.provider, 'chat', model)) capabilities[lack] = false
  if (isChat(capabilities)) for (const skill of spec.provider.has ?? []) capabilities[skill] ??= true
  const declared = said.find((facts) => facts.efforts.length > 0)?.efforts
  // Efforts of the operator's say that it thinks, whatever the engine says.
  if (declared !== undefined) capabilities.reasoning = true
  for (const facts of said.toReversed()) Object.assign(capabilities, facts.capabilities)
  const efforts = declared ?? steerable(spec.provider, model, known?.efforts ?? [])
  if (efforts.length > 0) capabilities.reasoning ??= true
  return { capabilities: inOrder(capabilities), efforts: capabilities.reasoning === true ? efforts : [] }
}

const isChat = ({ chat, embeddings, rerank }: ModelFacts['capabilities']): boolean =>
  chat ?? (embeddings !== true && rerank !== true)

/** An operator's `default` is meant for all classes that it does not name: the catalogue's numbers have no place beside it. */
function qualityOf(operator: ModelFacts['quality'], known: CatalogueEntry | null): ModelFacts['quality'] {
  return operator['default'] === undefined ? { ...known?.quality, ...operator } : operator
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
