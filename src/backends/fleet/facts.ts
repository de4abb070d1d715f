/** What is known of a model on a backend, from all who say something: the operator first, then the engine, then the catalogue. */
import { catalogueOf, type CatalogueEntry } from '../../decision/catalogue/catalogue.ts'
import { lacksEverywhere } from '../../core/ask-place.ts'
import { steerable } from '../../core/effort-rule.ts'
import type { ModelReading } from '../../core/engine-reading.ts'
import type { BackendSpec, Config, DeploymentFacts, FactSource, ModelFacts, Wishes } from '../../core/settings.ts'
import { CAPABILITIES, type Capability } from '../../core/capabilities.ts'
import { isLocal } from '../../decision/route/local.ts'
import { effectiveContext } from './context-facts.ts'
import { kindByName, spellings } from './model-names.ts'
import type { Described } from './read-list.ts'

/** What the engine says of a model; all null: it is declared, and the engine says nothing of it. */
export interface EngineWords {
  /** In its lists. */
  readonly found: Described | null
  /** In what it tells of itself. */
  readonly reading: ModelReading | null
  /** The context that it told in refusing a prompt; null: it refused none lately. */
  readonly refusedAt: number | null
  /** With which it was seen to load models of which nobody says. */
  readonly usualContext: number | null
}

export const SILENT: EngineWords = { found: null, reading: null, refusedAt: null, usualContext: null }

export function modelFactsOf(
  spec: BackendSpec,
  model: string,
  { found, reading, refusedAt, usualContext }: EngineWords,
  operator: Config['models'],
): DeploymentFacts {
  const said = wordsOf(spec, model, operator)
  const known = catalogueOf(spec.provider, model)
  // Ollama's models of its cloud take none of this machine's time and memory.
  const here = isLocal({ backend: spec, model }) === spec.provider.local
  const wishes = wishesOf(spec, said)
  const skills = skillsOf(spec, model, found, said, known)
  const quality = Object.assign({}, ...said.toReversed().map((facts) => facts.quality)) as ModelFacts['quality']
  const context = effectiveContext(
    {
      operator: firstOf(said, (facts) => facts.context),
      wish: wishes.numCtx,
      refused: refusedAt,
      found,
      reading,
      usual: usualContext,
      catalogue: known?.context ?? null,
    },
    here,
  )
  return {
    aliases: [...new Set(said.flatMap((facts) => facts.aliases))],
    ...skills,
    context: context.context,
    contextFrom: context.from,
    trainedContext: found?.trained ?? null,
    maxOutput: firstOf(said, (facts) => facts.maxOutput) ?? known?.maxOutput ?? null,
    price: firstOf(said, (facts) => facts.price) ?? (here ? spec.price : null) ?? known?.price ?? null,
    quality: qualityOf(quality, known),
    paramsB: firstOf(said, (facts) => facts.paramsB) ?? known?.paramsB ?? null,
    slots: slotsOf(spec, found, reading, skills.capabilities.embeddings === true),
    bytes: found?.bytes ?? reading?.bytes ?? null,
    wishes,
  }
}

/** `said`: the most special first. */
function firstOf<T>(said: readonly ModelFacts[], pick: (facts: ModelFacts) => T | null): T | null {
  for (const facts of said) {
    const value = pick(facts)
    if (value !== null) return value
  }
  return null
}

const wishesOf = ({ numCtx, keepAlive, think }: BackendSpec, said: readonly ModelFacts[]): Wishes => ({
  numCtx: firstOf(said, (facts) => facts.wishes.numCtx) ?? numCtx,
  keepAlive: firstOf(said, (facts) => facts.wishes.keepAlive) ?? keepAlive,
  think: firstOf(said, (facts) => facts.wishes.think) ?? think,
})

/** Of the operator: of the model on this backend, then of the model. */
export function wordsOf({ name }: BackendSpec, model: string, operator: Config['models']): readonly ModelFacts[] {
  const own = (of: string): ModelFacts | undefined => (Object.hasOwn(operator, of) ? operator[of] : undefined)
  const names = spellings(model)
  return [...names.map((one) => own(`${name}/${one}`)), ...names.map(own)].filter((one) => one !== undefined)
}

/** Requests at a time: as the engine tells, else as it does with models of this architecture whatever is set. */
function slotsOf(
  { provider }: BackendSpec,
  found: Described | null,
  reading: ModelReading | null,
  embeds: boolean,
): number | null {
  if (reading !== null && reading.slots !== null) return reading.slots
  const { slots = null } = provider
  if (slots === null) return null
  if (embeds && slots.embeddings !== null) return slots.embeddings
  const family = found?.family ?? null
  return slots.single !== null && family !== null && new RegExp(slots.single).test(family) ? 1 : null
}

type Skills = Pick<DeploymentFacts, 'capabilities' | 'capabilitiesFrom' | 'efforts'>

/** `said`: the operator's words, the most special ones first. */
function skillsOf(
  spec: BackendSpec,
  model: string,
  found: Described | null,
  said: readonly ModelFacts[],
  known: CatalogueEntry | null,
): Skills {
  const skills = new SkillBook()
  skills.say(known?.capabilities ?? {}, 'catalogue')
  const told = found?.capabilities ?? {}
  skills.say(told, 'engine')
  if (!tellsKind(told)) skills.say(kindByName(model), 'name')
  for (const lack of lacksEverywhere(spec.provider, 'chat', model)) skills.say({ [lack]: false }, 'provider')
  if (isChat(skills.capabilities)) for (const skill of spec.provider.has ?? []) skills.add(skill, 'provider')
  const declared = said.find((facts) => facts.efforts.length > 0)?.efforts
  // Efforts of the operator's say that it thinks, whatever the engine says.
  if (declared !== undefined) skills.say({ reasoning: true }, 'operator')
  for (const facts of said.toReversed()) skills.say(facts.capabilities, 'operator')
  const efforts = declared ?? steerable(spec.provider, model, known?.efforts ?? [])
  if (efforts.length > 0) skills.add('reasoning', 'catalogue')
  return { ...skills.inOrder(), efforts: skills.capabilities.reasoning === true ? efforts : [] }
}

/** Who said what of the capabilities: the last word counts. */
class SkillBook {
  readonly capabilities: { -readonly [K in Capability]?: boolean } = {}
  readonly #from: { -readonly [K in Capability]?: FactSource } = {}

  say(words: ModelFacts['capabilities'], source: FactSource): void {
    for (const skill of CAPABILITIES) {
      const value = words[skill]
      if (value === undefined) continue
      this.capabilities[skill] = value
      this.#from[skill] = source
    }
  }

  /** Unless somebody says otherwise. */
  add(skill: Capability, source: FactSource): void {
    if (this.capabilities[skill] === undefined) this.say({ [skill]: true }, source)
  }

  /** In the order of the table, so that facts can be compared as text. */
  inOrder(): Omit<Skills, 'efforts'> {
    const known = CAPABILITIES.filter((one) => this.capabilities[one] !== undefined)
    return {
      capabilities: Object.fromEntries(known.map((one) => [one, this.capabilities[one]])),
      capabilitiesFrom: Object.fromEntries(known.map((one) => [one, this.#from[one]])),
    }
  }
}

const isChat = ({ chat, embeddings, rerank }: ModelFacts['capabilities']): boolean =>
  chat ?? (embeddings !== true && rerank !== true)

/** An operator's `default` is meant for all classes that it does not name: the catalogue's numbers have no place beside it. */
function qualityOf(operator: ModelFacts['quality'], known: CatalogueEntry | null): ModelFacts['quality'] {
  return operator['default'] === undefined ? { ...known?.belief?.quality, ...operator } : operator
}

const tellsKind = ({ chat, embeddings, rerank }: Described['capabilities']): boolean =>
  chat !== undefined || embeddings !== undefined || rerank !== undefined

/** Whether two facts say the same. */
export function sameFacts(a: DeploymentFacts, b: DeploymentFacts): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
