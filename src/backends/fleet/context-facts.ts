/**
 * The context that a call of a model will meet: never just what the model was trained for. An engine that loads models on demand
 * loads one anew where a call comes with another context than the one in force, so what is configured counts over what is in force.
 */
import type { ModelReading } from '../../core/engine-reading.ts'
import type { BackendSpec, FactSource } from '../../core/settings.ts'
import type { Described } from './read-list.ts'

export interface ContextWords {
  /** Of the operator: the context as it is, and the one that is wished of the engine. */
  readonly operator: number | null
  readonly wish: number | null
  /** As the engine said when it refused a prompt as too long, not long ago. */
  readonly refused: number | null
  readonly found: Described | null
  /** What the engine told last; null: nothing. */
  readonly reading: ModelReading | null
  /** With which this engine was seen to load models of which nobody says. */
  readonly usual: number | null
  readonly catalogue: number | null
}

export interface EffectiveContext {
  readonly context: number | null
  /** Null: nobody tells it. */
  readonly from: FactSource | null
}

/** `here`: it runs on this engine, and not at its vendor. */
export function effectiveContext(words: ContextWords, here: boolean): EffectiveContext {
  const { operator, refused, found, catalogue } = words
  if (operator !== null) return { context: operator, from: 'operator' }
  if (refused !== null) return { context: refused, from: 'observed' }
  const said = saidContext(words, here)
  const trained = found?.trained ?? null
  if (said !== null) return { ...said, context: trained === null ? said.context : Math.min(said.context, trained) }
  // What runs elsewhere has all of it; here it would be a guess that is too high.
  if (!here && trained !== null) return { context: trained, from: 'engine' }
  return { context: catalogue, from: catalogue === null ? null : 'catalogue' }
}

function saidContext(
  { wish, found, reading, usual }: ContextWords,
  here: boolean,
): { readonly context: number; readonly from: FactSource } | null {
  if (wish !== null) return { context: wish, from: 'operator' }
  const told = found?.configured ?? reading?.context ?? found?.context ?? null
  if (told !== null) return { context: told, from: 'engine' }
  return usual === null || !here ? null : { context: usual, from: 'usual' }
}

/**
 * With what context an engine loads models of which nobody says: as those that are loaded show it, else as its kind does on a
 * small machine. The smallest of them: a caller may have asked for more than usual.
 */
export function usualContextOf(
  spec: BackendSpec,
  models: Iterable<{ readonly found: Described; readonly reading: ModelReading | null; readonly wished: boolean }>,
  before: number | null,
): number | null {
  const { usualContext = null } = spec.provider
  if (usualContext === null) return null
  let seen: number | null = null
  for (const { found, reading, wished } of models) {
    const context = reading?.context ?? found.context
    // One that is all that it was trained for was cut down to that.
    if (context === null || wished || found.configured !== null || context === found.trained) continue
    seen = Math.min(seen ?? context, context)
  }
  return seen ?? before ?? usualContext
}
