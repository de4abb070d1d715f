/** Other spellings of the names that there are: `GPT-4o`, `Qwen3:latest`. Pure. */
import { GatewayError } from '../../core/errors.ts'
import type { Deployment } from '../../core/types.ts'
import type { RouteTable } from './table.ts'

/** The tag of Ollama that people write or leave out as they like. */
const TAG = ':latest'

type Key = (name: string) => string

/** How alike a name must be, the nearest first. */
const ALIKE: readonly Key[] = [
  (name) => name.toLowerCase(),
  (name) => {
    const lower = name.toLowerCase()
    return lower.endsWith(TAG) ? lower.slice(0, -TAG.length) : lower
  },
]

/** What each name leads to: of models, `backend/model`, aliases and routes; `auto` has one spelling. */
type Names = ReadonlyMap<string, readonly Deployment[]>

interface Index {
  readonly names: Names
  /** For each of ALIKE: key -> names. */
  readonly keys: readonly ReadonlyMap<string, readonly string[]>[]
}

/** Of tables that are in use; made when the first name is not found. */
const indexes = new WeakMap<RouteTable, Index>()

/**
 * The one name that `name` is another spelling of; null where there is none. Names that lead to the same models are one.
 * `usable`: whether the caller may use a model; others are no names for it. Throws `model_not_found` where several are meant.
 */
export function spelled(name: string, table: RouteTable, usable: (one: Deployment) => boolean): string | null {
  const { names, keys } = indexOf(table)
  for (const [level, key] of ALIKE.entries()) {
    const found = (keys[level]?.get(key(name)) ?? []).filter((one) => names.get(one)?.some(usable) === true)
    const [first] = found
    if (first === undefined || first === name) continue
    if (found.every((one) => isSame(names.get(one), names.get(first)))) return first
    throw new GatewayError(
      'model_not_found',
      `"${name}" may be ${found.slice(0, 12).join(' or ')}; write one of them.`,
      {
        param: 'model',
      },
    )
  }
  return null
}

const isSame = (a: readonly Deployment[] = [], b: readonly Deployment[] = []): boolean =>
  a.length === b.length && a.every((one) => b.includes(one))

function indexOf(table: RouteTable): Index {
  const known = indexes.get(table)
  if (known !== undefined) return known
  const { catalog, byName } = table
  const names = new Map<string, readonly Deployment[]>()
  for (const [id, one] of catalog.byId) names.set(id, [one])
  for (const [id, serving] of catalog.byModel) names.set(id, serving)
  for (const [name, { candidates, fallback }] of byName) names.set(name, [...candidates, ...fallback])
  const keys = ALIKE.map((key) => {
    const map = new Map<string, string[]>()
    for (const name of names.keys()) map.set(key(name), [...(map.get(key(name)) ?? []), name])
    return map
  })
  const index = { names, keys }
  indexes.set(table, index)
  return index
}
