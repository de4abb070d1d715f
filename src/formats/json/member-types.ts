/**
 * Types of the members of a request. A body that goes on as it came is judged by its backend; one that is translated has nobody who
 * would say that `"max_tokens": "100"` is no limit, and would lose it without a word.
 */
import { isObject } from '../../core/is-object.ts'
import type { Json } from '../../core/json.ts'
import { invalidMember } from './read-object.ts'

type Kind = 'text' | 'number' | 'boolean' | 'object' | 'list'

/** What a value may be: a kind, a list of such values, an object with such members, or one of several. Members without a type may be anything. */
export type Shape =
  | Kind
  | { readonly each: Shape }
  | { readonly of: Readonly<Record<string, Shape>> }
  | readonly (Kind | { readonly each: Shape } | { readonly of: Readonly<Record<string, Shape>> })[]

/** Throws `invalid_request` for the first member that is of another type, by its path; null is a member that is not there. */
export function refuseWrongTypes(value: Json | undefined, shape: Shape): void {
  const misfit = misfitOf(value, shape)
  if (misfit !== null) throw invalidMember(misfit.path, `\`${misfit.path}\` must ${misfit.must}.`)
}

/** Paths are put together on the way out: all that fits, which is nearly everything, costs none. */
interface Misfit {
  /** From the value that was looked at. */
  readonly path: string
  readonly must: string
}

/** Null: it fits. */
function misfitOf(value: Json | undefined, shape: Shape): Misfit | null {
  if (value === undefined || value === null) return null
  const fits = fitting(kindOf(value), shape)
  if (fits === null) return { path: '', must: `be ${wordsOf(shape)}` }
  if (typeof fits === 'string') return null
  if ('each' in fits) {
    const list = value as readonly Json[]
    for (let at = 0; at < list.length; at++) {
      // In a list null is something: there is no element that is not there.
      const misfit = list[at] === null ? NULL : misfitOf(list[at], fits.each)
      if (misfit !== null) return within(`[${at}]`, misfit)
    }
  } else if (isObject(value))
    for (const name in fits.of) {
      const misfit = misfitOf(value[name], fits.of[name]!)
      if (misfit !== null) return within(name, misfit)
    }
  return null
}

const NULL: Misfit = { path: '', must: 'not be null' }

const within = (place: string, { path, must }: Misfit): Misfit => ({
  path: path === '' || path.startsWith('[') ? place + path : `${place}.${path}`,
  must,
})

const isChoice = (shape: Shape): shape is Extract<Shape, readonly unknown[]> => Array.isArray(shape)

/** Null: none of them. */
function fitting(kind: Kind, shape: Shape): Single | null {
  if (!isChoice(shape)) return kindOfShape(shape) === kind ? shape : null
  for (const one of shape) if (kindOfShape(one) === kind) return one
  return null
}

const wordsOf = (shape: Shape): string =>
  (isChoice(shape) ? shape : [shape]).map((one) => WORDS[kindOfShape(one)]).join(' or ')

type Single = Exclude<Shape, readonly unknown[]>
const kindOfShape = (shape: Single): Kind => (typeof shape === 'string' ? shape : 'each' in shape ? 'list' : 'object')

function kindOf(value: Json): Kind {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  return Array.isArray(value) ? 'list' : 'object'
}

const WORDS: Readonly<Record<Kind, string>> = {
  text: 'a string',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  list: 'an array',
}
