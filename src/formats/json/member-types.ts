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
export function refuseWrongTypes(value: Json | undefined, shape: Shape, path = ''): void {
  if (value === undefined || value === null) return
  const choices = isChoice(shape) ? shape : [shape]
  const kind = kindOf(value)
  const fits = choices.find((one) => kindOfShape(one) === kind)
  if (fits === undefined) {
    const words = choices.map((one) => WORDS[kindOfShape(one)]).join(' or ')
    throw invalidMember(path, `\`${path}\` must be ${words}.`)
  }
  if (typeof fits === 'string') return
  if ('each' in fits)
    for (const [at, one] of (value as readonly Json[]).entries()) refuseElement(one, fits.each, `${path}[${at}]`)
  else if (isObject(value))
    for (const name of Object.keys(fits.of))
      refuseWrongTypes(value[name], fits.of[name]!, path === '' ? name : `${path}.${name}`)
}

/** In a list null is something: there is no element that is not there. */
function refuseElement(value: Json, shape: Shape, path: string): void {
  if (value !== null) return refuseWrongTypes(value, shape, path)
  throw invalidMember(path, `\`${path}\` must not be null.`)
}

const isChoice = (shape: Shape): shape is Extract<Shape, readonly unknown[]> => Array.isArray(shape)

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
