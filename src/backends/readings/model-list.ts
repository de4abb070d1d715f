/** What an engine says of its models, by the data of its list. */
import { type ModelReading, UNTOLD } from '../../core/engine-reading.ts'
import { isModelId } from '../../core/model-id.ts'
import type { ModelList, ModelState } from '../../core/telemetry-source.ts'
import { valueAt } from '../../core/value-at.ts'

/** A list longer than this is no list of models. */
const MOST_MODELS = 10_000

const NOT_THERE = { loaded: false, loading: false, sleeping: false } as const

type Flags = Pick<ModelReading, 'loaded' | 'loading' | 'sleeping'>

const FLAGS: Readonly<Record<ModelState, Flags>> = {
  loaded: { ...NOT_THERE, loaded: true },
  loading: { ...NOT_THERE, loading: true },
  sleeping: { ...NOT_THERE, sleeping: true },
  unloaded: NOT_THERE,
}

/** Null where there is no list at the expected place. */
export function modelsOf(answer: unknown, list: ModelList): ReadonlyMap<string, ModelReading> | null {
  const there = valueAt(answer, list.list)
  // How servers in Go write an empty list.
  if (there === null && list.list !== '') return new Map()
  if (typeof there !== 'object' || there === null) return null
  const entries: readonly unknown[] = Array.isArray(there) ? there : [there]
  const models = new Map<string, ModelReading>()
  for (const entry of entries.slice(0, MOST_MODELS)) {
    const id = valueAt(entry, list.id)
    if (isModelId(id)) models.set(id, modelOf(entry, list))
  }
  // An object without the name that every entry has is somebody else's answer.
  return models.size === 0 && entries.length > 0 ? null : models
}

/** What the list says of models that are not in it. */
export const unnamedBy = ({ unlisted }: ModelList): ModelReading =>
  unlisted === null ? UNTOLD : { ...UNTOLD, ...FLAGS[unlisted] }

/** A model that has gone to sleep with its engine. */
export const asleep = (model: ModelReading): ModelReading =>
  model.loaded === true ? { ...model, ...FLAGS.sleeping } : model

function modelOf(entry: unknown, list: ModelList): ModelReading {
  const state = stateOf(entry, list)
  return {
    ...UNTOLD,
    ...(state === null ? {} : FLAGS[state]),
    context: sizeAt(entry, list.context),
    slots: sizeAt(entry, list.slots),
    bytes: sizeAt(entry, list.bytes),
    until: dateAt(entry, list.until),
  }
}

/** Null where its word is none that is known. */
function stateOf(entry: unknown, { state, words, listed }: ModelList): ModelState | null {
  const value = state === null ? undefined : valueAt(entry, state)
  if (value === undefined || value === null) return listed
  const word = typeof value === 'string' ? value : isSome(value) ? 'yes' : 'no'
  return Object.hasOwn(words, word) ? words[word]! : null
}

const isSome = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : value === true)

function sizeAt(entry: unknown, paths: readonly string[]): number | null {
  for (const path of paths) {
    const value = valueAt(entry, path)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  }
  return null
}

function dateAt(entry: unknown, paths: readonly string[]): number | null {
  for (const path of paths) {
    const value = valueAt(entry, path)
    const at = typeof value === 'string' ? Date.parse(value) : NaN
    if (!Number.isNaN(at)) return at
  }
  return null
}
