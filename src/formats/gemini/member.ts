/** Names of members: Google's API reads each in camelCase, as its documents write it, and in snake_case. Pure. */
import type { Json, JsonObject } from '../../core/json.ts'

const known = new Map<string, string>()

/** A member in either spelling. */
export function member(object: JsonObject, name: string): Json | undefined {
  const value = object[name]
  return value === undefined || value === null ? object[snake(name)] : value
}

/** Names in camelCase of the members that say something. */
export const namesIn = (object: JsonObject): string[] =>
  Object.keys(object).flatMap((name) => ((object[name] ?? null) === null ? [] : [camel(name)]))

/** The name under which a member stands in an object; the usual one where it does not. */
export const spelt = (object: JsonObject, name: string): string =>
  object[name] === undefined && object[snake(name)] !== undefined ? snake(name) : name

/** Each under both names. */
export const bothSpellings = <T>(members: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => [
      [name, value],
      [snake(name), value],
    ]),
  )

/** `name`: one of ours. */
function snake(name: string): string {
  let made = known.get(name)
  if (made === undefined) {
    made = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    known.set(name, made)
  }
  return made
}

const camel = (name: string): string =>
  name.includes('_') ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name

export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
/** Its clients may write a number as a text, as every reader of that form of JSON takes it. */
export function numberOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : null
}

const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []
